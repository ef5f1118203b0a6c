import type { ConnectionState, Socket, SocketEvents, SocketStats } from '@holdfast/core';

export interface FakeSocket extends Socket {
  /** Changes the state and tells subscribers. */
  setState(change: Partial<ConnectionState>): void;
  /** Changes the numbers; tells subscribers unless `isSilent`, as within a frame. */
  setStats(change: Partial<SocketStats>, isSilent?: boolean): void;
  emit<Type extends keyof SocketEvents<unknown>>(type: Type, event: SocketEvents<unknown>[Type]): void;
  /** How many subscribers there are. */
  subscribers(): number;
  /** How many listeners of `message` there are. */
  messageListeners(): number;
  /** How many listeners of all events there are. */
  listeners(): number;
  /** Names of the commands given, in order. */
  readonly commands: string[];
}

/** A socket without a network, whose every turn the test decides. */
export function fakeSocket(): FakeSocket {
  let state: ConnectionState = {
    phase: 'idle',
    since: 1,
    attempt: 0,
    breaker: 'closed',
    retryAt: null,
    reason: 'start',
    error: null,
  };
  let stats: SocketStats = { rttMs: null, queued: 0, inFlight: 0 };
  const subscribers = new Set<{ listener: () => void }>();
  const listeners = new Set<{ type: string; listener: (event: never) => void }>();
  const commands: string[] = [];
  const tell = (): void => {
    for (const { listener } of [...subscribers]) listener();
  };
  const setState = (change: Partial<ConnectionState>): void => {
    state = { ...state, ...change };
    tell();
  };
  const close = (): Promise<void> => {
    commands.push('close');
    setState({ phase: 'closed' });
    return Promise.resolve();
  };
  return {
    commands,
    setState,
    setStats: (change, isSilent = false) => {
      stats = { ...stats, ...change };
      if (!isSilent) tell();
    },
    emit: (type, event) => {
      for (const entry of [...listeners]) if (entry.type === type) entry.listener(event as never);
    },
    subscribers: () => subscribers.size,
    messageListeners: () => [...listeners].filter(({ type }) => type === 'message').length,
    listeners: () => listeners.size,
    send: () => {
      commands.push('send');
      return {
        id: '1',
        status: 'queued',
        isStored: false,
        error: null,
        stored: Promise.resolve(),
        delivered: Promise.resolve(),
        cancel: () => false,
      };
    },
    whenWritable: () => Promise.resolve(),
    outbox: { list: () => [], cancel: () => false, clear: () => Promise.resolve() },
    getState: () => state,
    // A new object at each call, as an implementation may give.
    getStats: () => ({ ...stats }),
    subscribe: (listener) => {
      const entry = { listener };
      subscribers.add(entry);
      return () => void subscribers.delete(entry);
    },
    on: (type, listener) => {
      const entry = { type, listener };
      listeners.add(entry);
      return () => void listeners.delete(entry);
    },
    messages: () => {
      throw new Error('the fake has no messages');
    },
    migrate: () => {
      commands.push('migrate');
      return Promise.resolve();
    },
    connect: () => {
      commands.push('connect');
      setState({ phase: 'connecting' });
    },
    pause: () => {
      commands.push('pause');
      setState({ phase: 'paused' });
    },
    reconnect: () => {
      commands.push('reconnect');
    },
    whenOpen: () => Promise.resolve(),
    close,
    [Symbol.asyncDispose]: close,
  };
}
