import type { EventRecord } from '@holdfast/core';
import type { Inspector } from './inspector.ts';
import type {
  ConnectionRecord,
  FrameRecord,
  InspectableSocket,
  ProducerRecord,
  SessionRecord,
  SignalRecord,
  StateRecord,
} from './records.ts';

/** What one click copies: bounded, and without payloads, tokens, keys and close reasons. Times are milliseconds since the epoch. */
export interface Report {
  readonly report: 'holdfast-inspector';
  readonly version: 1;
  readonly name: string;
  readonly at: number;
  readonly userAgent: string;
  readonly isTapped: boolean;
  readonly now: object | null;
  readonly outbox: readonly object[];
  /** Of the last thousand: least, median, the one that 95 of 100 are below, most. */
  readonly roundTripsMs: { readonly count: number; readonly quantiles: readonly number[] };
  readonly states: readonly StateRecord[];
  readonly records: readonly EventRecord[];
  readonly connections: readonly Omit<ConnectionRecord, 'closeReason'>[];
  readonly sessions: readonly SessionRecord[];
  readonly producers: readonly ProducerRecord[];
  readonly signals: readonly SignalRecord[];
  readonly frames: readonly Omit<FrameRecord, 'payload'>[];
}

const MOST = 100;
const MOST_FRAMES = 200;

export function createReport(inspector: Inspector): Report {
  const { log, name } = inspector;
  const socket = inspector.getSocket();
  const roundTrips = log.roundTrips.toArray().map(({ ms }) => ms);
  return {
    report: 'holdfast-inspector',
    version: 1,
    name,
    at: Date.now(),
    userAgent: typeof navigator === 'undefined' ? '' : navigator.userAgent,
    isTapped: inspector.isTapped(),
    now: socket === null ? null : stateOf(socket),
    outbox: socket?.outbox.list(MOST) ?? [],
    roundTripsMs: { count: roundTrips.length, quantiles: quantiles(roundTrips, [0, 0.5, 0.95, 1]) },
    states: log.states.toArray(MOST),
    records: log.events.toArray(MOST).map(withoutReason),
    connections: log.connections.toArray(MOST).map(({ closeReason: _words, ...connection }) => connection),
    sessions: log.sessions.toArray(MOST),
    producers: [...log.producers.values()],
    signals: log.signals.toArray(MOST),
    // A fault of the protocol is told by names and shapes, all else in the words of this package.
    frames: log.frames.toArray(MOST_FRAMES).map(({ payload: _payload, ...frame }) => frame),
  };
}

/** A close reason is in the words of the server's app, and may quote a message. */
function withoutReason(record: EventRecord): EventRecord {
  if (record.details?.['closeCode'] === undefined) return record;
  const { reason: _words, ...details } = record.details;
  return { ...record, details };
}

/** The error without its cause, which may be anything. */
function stateOf(socket: InspectableSocket): object {
  const { error, ...state } = socket.getState();
  const known = error === null ? null : { code: error.code, message: error.message, timestamp: error.timestamp };
  return { ...state, error: known, ...socket.getStats() };
}

/** The nearest of the given ones; none of none. */
export function quantiles(values: readonly number[], at: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  if (sorted.length === 0) return [];
  return at.map((part) => sorted[Math.round(part * (sorted.length - 1))] ?? 0);
}
