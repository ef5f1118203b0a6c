import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'holdfast-';
/** A locally administered address that no interface has: frames to it are dropped without a word. */
const NOBODY = '02:00:00:00:00:01';

let count = 0;

/**
 * A network namespace with one link to this machine: inside it, the only network is a cable that can be pulled. The
 * kernel tells the programs inside of it as it tells them of a real one. What is left of runs that were killed is
 * removed first, with the programs in it. Where `whyNoNamespaces` gives a reason, the constructor throws.
 */
export class NetworkNamespace {
  readonly name: string;
  /** This machine's end: a server for the inside listens here. */
  readonly outerAddress: string;
  readonly #outer: string;
  readonly #inner: string;
  readonly #innerAddress: string;
  #isDropping = false;

  constructor() {
    removeLeftovers();
    count += 1;
    this.name = `${PREFIX}${process.pid}-${count}`;
    // The name of an interface has at most 15 characters.
    this.#outer = `hf${process.pid}o${count}`;
    this.#inner = `hf${process.pid}i${count}`;
    const net = freeNet();
    this.outerAddress = `${net}.1`;
    this.#innerAddress = `${net}.2`;
    try {
      ip('netns', 'add', this.name);
      ip('link', 'add', this.#outer, 'type', 'veth', 'peer', 'name', this.#inner, 'netns', this.name);
      ip('address', 'add', `${this.outerAddress}/24`, 'dev', this.#outer);
      ip('link', 'set', this.#outer, 'up');
      this.#inside('address', 'add', `${this.#innerAddress}/24`, 'dev', this.#inner);
      // An address that the kernel adds by itself, a second after the link is up, would be one more change of the network.
      this.#inside('link', 'set', this.#inner, 'addrgenmode', 'none');
      this.#inside('link', 'set', 'lo', 'up');
      this.up();
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Pulls the cable: programs inside are told that there is no network. Nothing that is under way is answered. */
  down(): void {
    this.#inside('link', 'set', this.#inner, 'down');
  }

  up(): void {
    this.#inside('link', 'set', this.#inner, 'up');
    // The route goes with the link.
    this.#inside('route', 'replace', 'default', 'via', this.outerAddress);
  }

  /** Loses every packet, both ways, while the link stays up: nobody is told anything. */
  drop(): void {
    this.#isDropping = true;
    ip('neighbour', 'replace', this.#innerAddress, 'lladdr', NOBODY, 'dev', this.#outer, 'nud', 'permanent');
    this.#inside('neighbour', 'replace', this.outerAddress, 'lladdr', NOBODY, 'dev', this.#inner, 'nud', 'permanent');
  }

  /** Ends `drop`. */
  deliver(): void {
    if (!this.#isDropping) return;
    this.#isDropping = false;
    ip('neighbour', 'delete', this.#innerAddress, 'dev', this.#outer);
    this.#inside('neighbour', 'delete', this.outerAddress, 'dev', this.#inner);
  }

  /** The link is up, but every try to reach this machine fails at once, as on a network that is still setting itself up. */
  block(): void {
    this.#inside('route', 'replace', 'unreachable', `${this.outerAddress}/32`);
  }

  /** Ends `block`. */
  unblock(): void {
    if (this.#inside('route', 'show', 'type', 'unreachable').includes(this.outerAddress))
      this.#inside('route', 'delete', 'unreachable', `${this.outerAddress}/32`);
  }

  /** A script that runs `executable` inside, with the arguments it is given. */
  wrap(executable: string): string {
    const script = join(folderOf(this.name), 'run');
    mkdirSync(folderOf(this.name), { recursive: true });
    writeFileSync(script, `#!/bin/sh\nexec ip netns exec '${this.name}' '${executable}' "$@"\n`);
    chmodSync(script, 0o755);
    return script;
  }

  /** Ends what still runs inside. Both ends of the link go with the namespace. */
  [Symbol.dispose](): void {
    remove(this.name);
    // Where making it failed half-way, the outer end may be alone.
    if (ip('-brief', 'link').includes(`${this.#outer}@`)) ip('link', 'delete', this.#outer);
  }

  #inside(...args: readonly string[]): string {
    return ip('-netns', this.name, ...args);
  }
}

function ip(...args: readonly string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: 'pipe' });
}

/** The first three numbers of a private net that no interface here is in. Begins elsewhere in every process. */
function freeNet(): string {
  const taken = ip('-4', 'route', 'show', 'table', 'all');
  for (let tried = 0; tried < 256; tried += 1) {
    const net = `10.213.${(process.pid + tried) % 256}`;
    if (!taken.includes(`${net}.`)) return net;
  }
  throw new Error('every net of 10.213.0.0/16 is in use');
}

/** What goes with a namespace. */
function folderOf(name: string): string {
  return join(tmpdir(), name);
}

function remove(name: string): void {
  rmSync(folderOf(name), { recursive: true, force: true });
  if (!names().includes(name)) return;
  for (const pid of ip('netns', 'pids', name).split('\n').filter(Boolean)) kill(Number(pid));
  ip('netns', 'delete', name);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It may have ended by itself.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function names(): string[] {
  return ip('netns', 'list')
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
    .filter((name) => name.startsWith(PREFIX));
}

/** Removes the namespaces of processes that are gone. */
function removeLeftovers(): void {
  for (const name of names()) if (!isRunning(Number(name.slice(PREFIX.length).split('-')[0]))) remove(name);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
