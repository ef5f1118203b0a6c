import type { ServerSession } from '../../packages/server/src/session/server-session.ts';
import type { HoldfastError } from '../../packages/core/src/lib/errors.ts';
import type { EventRecord } from '../../packages/core/src/socket/types.ts';
import * as connections from '../invariants/connections.ts';
import * as mail from '../invariants/mail.ts';
import * as pages from '../invariants/pages.ts';
import * as receipts from '../invariants/receipts.ts';
import * as serverMessages from '../invariants/server-messages.ts';
import { Clock } from './clock.ts';
import { Device } from './device.ts';
import { labelOf, Ledger, type Sent } from './ledger.ts';
import { Network } from './network.ts';
import type { Page } from './page.ts';
import { textOf } from './payloads.ts';
import { Chance } from './prng.ts';
import { hashOf, ServerProcess, type ServerSettings } from './server-process.ts';
import { type LinkFacts, Tap, type WelcomeFrame } from './tap.ts';
import type { Running, Tab } from './tab.ts';
import { Tokens } from './tokens.ts';
import { Trace } from './trace.ts';

/** A broken invariant: the first one ends the run. */
export interface Fault {
  readonly invariant: string;
  readonly text: string;
}

/** The sessions of one page, in order, as its welcomes told. */
export interface PageSession {
  readonly session: string;
  readonly epoch: string;
  /** Whether the page listened when it was told: not on a connection that another was to replace. */
  readonly isHeard: boolean;
}

/** All of it: both ends, what is between them, and what the world knows that neither end does. */
export class World {
  readonly seed: number;
  readonly clock: Clock = new Clock();
  readonly chances: {
    readonly network: Chance;
    readonly client: Chance;
    readonly storage: Chance;
    readonly server: Chance;
    readonly handler: Chance;
    readonly mail: Chance;
  };
  readonly trace: Trace;
  readonly ledger: Ledger = new Ledger();
  readonly tap: Tap;
  readonly network: Network;
  readonly server: ServerProcess;
  readonly devices: Device[] = [];
  readonly tabs: Tab[] = [];
  readonly sessions = new Map<Page, PageSession[]>();
  broken: Fault | null = null;
  /** Facts told to pages that make them try again at once. */
  wakeUps = 0;
  /** How often a page took its peer for dead. */
  verdicts = 0;
  /** Whether the apps' `onConnect` fails now. */
  onConnectFails = false;
  readonly tokens: Tokens;
  /** The faults are over. */
  isSettling = false;
  settleAt = Infinity;
  readonly #runningOf = new Map<Page, Running>();

  constructor(seed: number, settings: ServerSettings, options: { traceLines: number; print?: (line: string) => void }) {
    this.seed = seed;
    this.trace = new Trace(this.clock, options.traceLines, options.print);
    this.chances = {
      network: new Chance(seed, 'network'),
      client: new Chance(seed, 'client'),
      storage: new Chance(seed, 'storage'),
      server: new Chance(seed, 'server'),
      handler: new Chance(seed, 'handler'),
      mail: new Chance(seed, 'messages to users'),
    };
    this.tap = new Tap(this.ledger, this.trace, () => this.clock.now, {
      fault: (invariant, text) => this.fault(invariant, text),
      welcomed: (facts, welcome) => this.#welcomed(facts, welcome),
      clientGaveUp: (facts, code) => connections.clientGaveUp(this, facts, code),
      serverGaveUp: (facts, code) => connections.serverGaveUp(this, facts, code),
    });
    this.network = new Network(this.clock, this.chances.network, this.tap);
    this.tokens = new Tokens(settings.tokenLifeMs, () => this.clock.now);
    this.server = new ServerProcess(this, settings);
  }

  addDevice(name: string, pageMessages: number): Device {
    const device = new Device(name, this.clock, this.chances.storage);
    device.disk.pageMessages = pageMessages;
    device.disk.onCommit = (what) => this.trace.add(`${name} disk`, what);
    device.disk.onStored = (payload) => {
      const sent = this.ledger.sent.get(labelOf(JSON.parse(textOf(payload))));
      if (sent !== undefined) sent.wasStored = true;
    };
    device.locks.onChange = (who, what) => this.trace.add(who, what);
    this.devices.push(device);
    return device;
  }

  /** The first broken invariant is the one to look at: what follows may come from it. */
  fault(invariant: string, text: string): void {
    if (this.broken !== null) return;
    this.broken = { invariant, text };
    this.trace.add('FAULT', `${invariant}: ${text}`);
  }

  /** Runs the world up to `until`, or to the first fault. */
  run(until: number): Promise<void> {
    return this.clock.run(until, () => {
      if (this.broken === null) pages.checkStep(this);
      if (this.broken === null) connections.checkRaces(this);
      return this.broken === null;
    });
  }

  /** Like the clock's `after`, and in any case before the faults end. */
  later(ms: number, run: () => void): void {
    this.clock.after(Math.min(ms, Math.max(0, this.settleAt - 1 - this.clock.now)), run);
  }

  runningOf(page: Page): Running | undefined {
    return this.#runningOf.get(page);
  }

  /** Pages that can run now and whose app has not closed its socket. */
  get live(): readonly Running[] {
    return this.tabs.flatMap(({ current }) =>
      current !== null && current.page.isRunning && !current.isClosing ? [current] : [],
    );
  }

  // What the apps hear.

  connect(running: Running): void {
    this.#runningOf.set(running.page, running);
  }

  stored(sent: Sent): void {
    this.trace.add(sent.page.name, `stored ${sent.label}`);
    receipts.stored(this, sent);
  }

  settled(sent: Sent, outcome: string): void {
    this.trace.add(sent.page.name, `${sent.label} ${outcome}`);
    sent.outcome = outcome;
    receipts.settled(this, sent);
  }

  heard(running: Running): void {
    serverMessages.heard(this, running);
  }

  mailHeard(running: Running, n: number): void {
    const session = this.sessions.get(running.page)?.at(-1)?.session ?? '';
    this.trace.add(running.page.name, `has mail ${n} in ${session}`);
    mail.mailHeard(this, running, session, n);
    running.mail.push({ session, n });
    this.ledger.mail.get(n)?.heardIn.add(session);
  }

  closed(running: Running): void {
    this.trace.add(running.page.name, 'closed');
    // What `close` resolves on is the last thing, but what the browser granted meanwhile is still on its way back.
    this.clock.after(5, () => pages.closed(this, running));
  }

  onRecord(page: Page, record: EventRecord): void {
    pages.told(this, page, record.code ?? null, record.message ?? record.name);
  }

  onError(page: Page, error: HoldfastError): void {
    pages.told(this, page, error.code, error.message);
  }

  #welcomed(facts: LinkFacts, welcome: WelcomeFrame): void {
    // The page turns it down: its session is another user's.
    const isOther = welcome.identity === hashOf('other');
    if (isOther !== (facts.token?.startsWith('other') === true))
      this.fault('a session belongs to one identity', `#${facts.link.id} came with ${facts.token}`);
    if (isOther) return;
    const sessions = this.sessions.get(facts.page) ?? [];
    const last = sessions.at(-1);
    if (last?.session !== welcome.session || last.epoch !== welcome.epoch) {
      // The page has its key, or the one before that.
      if (last?.isHeard === true && this.server.current?.engine.sessions.has(last.session) === true)
        this.fault('a session that is there goes on', `${facts.page.name} has ${last.session}, and gets another one`);
      sessions.push({ session: welcome.session, epoch: welcome.epoch, isHeard: !this.tap.isReplaced(facts) });
    } else if (!welcome.resumed) {
      this.fault('a resumed session says so', `${facts.page.name} keeps ${welcome.session} with resumed: false`);
    }
    this.sessions.set(facts.page, sessions);
    const { lost } = welcome;
    const kept = this.server.current?.engine.sessions.get(welcome.session) as ServerSession | undefined;
    if (lost?.reason === 'buffer-overflow' && kept !== undefined) {
      const { replayMessages } = this.server.settings;
      // Those behind the gap fill the buffer: it had no room.
      if (kept.highest - (lost.to ?? 0) < replayMessages)
        this.fault('nothing is dropped while there is room', `${welcome.session} lost ${lost.to} of ${kept.highest}`);
    }
  }
}
