import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Access } from './loopback.ts';

/** What the worker needs to know at its start, as arguments of its process. */
export interface WorkerSettings {
  readonly file: string;
  readonly dataFolder: string;
  readonly access: Access;
}

/** What the worker says: once that it listens, and after each drain that all have moved. */
export type WorkerNews = { readonly kind: 'ready'; readonly port: number } | { readonly kind: 'drained' };

/** What the worker is told. */
export type WorkerCommand =
  | { readonly kind: 'drain'; readonly withinMs: number }
  | { readonly kind: 'close'; readonly retryAfterMs: number };

interface Running {
  readonly child: ChildProcess;
  readonly port: number;
}

/** A worker that died by itself comes back after this long. */
const CRASH_DELAY_MS = 1_000;
const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 3_000;

/** The server proper in a process of its own, so that killing it is a kill. */
export class WorkerProcess {
  readonly #settings: WorkerSettings;
  #running: Running | null = null;
  #child: ChildProcess | null = null;
  #restarting: Promise<void> | null = null;
  #stopped = false;
  #restarts = 0;
  #isDraining = false;

  constructor(settings: WorkerSettings) {
    this.#settings = settings;
  }

  get port(): number | null {
    return this.#running?.port ?? null;
  }

  get pid(): number | null {
    return this.#running?.child.pid ?? null;
  }

  get restarts(): number {
    return this.#restarts;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Asks the clients to move to other connections within this time. False: there is no worker to ask. */
  drain(withinMs: number): boolean {
    const sent = this.#tell({ kind: 'drain', withinMs });
    if (sent) this.#isDraining = true;
    return sent;
  }

  /** Resolves when the worker listens; rejects when it can't. */
  async start(): Promise<void> {
    const { file, dataFolder, access } = this.#settings;
    const child = fork(file, [dataFolder, JSON.stringify(access)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child = child;
    const port = await new Promise<number>((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        reject(new Error('the server did not start in time'));
      }, START_TIMEOUT_MS);
      const settle = (): void => clearTimeout(timer);
      child.once('error', (error) => {
        settle();
        reject(error);
      });
      child.once('exit', (code, signal) => {
        settle();
        reject(new Error(`the server ended at its start (${signal ?? code})`));
      });
      child.on('message', (news: WorkerNews) => {
        if (news.kind === 'drained') {
          this.#isDraining = false;
          return;
        }
        settle();
        resolve(news.port);
      });
    });
    this.#running = { child, port };
    child.once('exit', () => {
      if (this.#running?.child === child) this.#running = null;
      if (!this.#stopped && this.#restarting === null) {
        console.error('The server ended by itself and is started again.');
        void this.#bringBack(CRASH_DELAY_MS);
      }
    });
  }

  /** Kills the worker with SIGKILL, which leaves it no time for anything, and starts another after `downtimeMs`. */
  restart(downtimeMs: number): Promise<void> {
    return this.#restarting ?? this.#bringBack(downtimeMs);
  }

  /** Lets the worker close as a deployment does, and starts another after `downtimeMs`. */
  replace(downtimeMs: number): Promise<void> {
    return this.#restarting ?? this.#bringBack(downtimeMs, { kind: 'close', retryAfterMs: 2 * downtimeMs });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    // The end of the channel tells the worker to stop; that way it also ends when this process is killed.
    if (child.connected) child.disconnect();
    else child.kill('SIGKILL');
    await exited;
    clearTimeout(timer);
  }

  #tell(command: WorkerCommand): boolean {
    const child = this.#running?.child;
    if (child === undefined || !child.connected) return false;
    child.send(command);
    return true;
  }

  #bringBack(downtimeMs: number, farewell?: WorkerCommand): Promise<void> {
    this.#restarts += 1;
    this.#restarting = this.#endAndStart(downtimeMs, farewell).finally(() => {
      this.#restarting = null;
    });
    return this.#restarting;
  }

  async #endAndStart(downtimeMs: number, farewell: WorkerCommand | undefined): Promise<void> {
    const child = this.#running?.child ?? null;
    const isTold = farewell !== undefined && this.#tell(farewell);
    this.#running = null;
    this.#isDraining = false;
    if (child !== null && child.exitCode === null && child.signalCode === null) {
      const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      const timer = isTold ? setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS) : undefined;
      if (!isTold) child.kill('SIGKILL');
      await exited;
      clearTimeout(timer);
    }
    await sleep(downtimeMs);
    while (!this.#stopped) {
      try {
        await this.start();
        return;
      } catch (error) {
        if (this.#stopped) return;
        console.error(`The server could not be started: ${error instanceof Error ? error.message : String(error)}`);
        await sleep(CRASH_DELAY_MS);
      }
    }
  }
}
