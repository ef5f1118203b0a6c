import { describe, expect, it } from 'vitest';
import { HoldfastError } from '../lib/errors.ts';
import { storedOutbox } from '../runtime/stored-outbox.ts';
import { FakeEnvironment } from '../testing-fakes/fake-environment.fixture.ts';
import { MemoryPlace, memoryStorage } from '../testing-fakes/memory-store.fixture.ts';
import { checkOptions, memory } from './options.ts';
import { holdfast, plain } from './protocols.ts';
import type { SocketOptions } from './types.ts';

const environment = new FakeEnvironment();
const stored = storedOutbox(memoryStorage(new MemoryPlace()));

function check(options: object): ReturnType<typeof checkOptions> {
  return checkOptions({ url: 'ws://server.example', environment, ...options });
}

function faultOf(run: () => unknown): HoldfastError {
  try {
    run();
  } catch (fault) {
    if (fault instanceof HoldfastError) return fault;
    throw fault;
  }
  return expect.fail('nothing was thrown');
}

describe('the options', () => {
  it('have defaults', () => {
    const checked = check({});
    expect(checked).toMatchObject({
      protocol: { name: 'plain' },
      outbox: { maxMessages: 10_000 },
      connection: {
        initialDelayMs: 300,
        factor: 1.25,
        maxDelayMs: 6_000,
        jitter: 'full',
        maxAttempts: Number.POSITIVE_INFINITY,
        maxElapsedMs: Number.POSITIVE_INFINITY,
        coolDownMs: 60_000,
        stableAfterMs: 5_000,
        connectTimeoutMs: 10_000,
        hiddenPauses: 2,
        releaseAfterMs: Number.POSITIVE_INFINITY,
        canRace: true,
      },
      heartbeat: { intervalMs: 15_000, timeoutMs: 5_000 },
      auth: null,
      signal: null,
      autoConnect: true,
      onConnect: null,
      onEvent: null,
    });
    expect(checked.url({ attempt: 0 })).toBe('ws://server.example');
  });

  it('are taken as they are given, what is undefined by its default', () => {
    const checked = check({
      protocol: holdfast(),
      reconnect: { initialDelayMs: 7, factor: undefined, maxAttempts: 3 },
      heartbeat: { timeoutMs: 9 },
      outbox: memory({ maxMessages: 5 }),
      autoConnect: false,
    });
    expect(checked).toMatchObject({
      connection: { initialDelayMs: 7, factor: 1.25, maxAttempts: 3 },
      heartbeat: { intervalMs: 15_000, timeoutMs: 9 },
      outbox: { maxMessages: 5 },
      autoConnect: false,
    });
    expect(check({ reconnect: false, heartbeat: false })).toMatchObject({
      connection: { maxAttempts: 0, coolDownMs: Number.POSITIVE_INFINITY },
      heartbeat: null,
    });
    expect(
      check({ reconnect: { jitter: 'none', maxElapsedMs: 8, coolDownMs: Number.POSITIVE_INFINITY } }).connection,
    ).toMatchObject({ jitter: 'none', maxElapsedMs: 8, coolDownMs: Number.POSITIVE_INFINITY });
  });

  it('say what a hidden page does', () => {
    const hidden = (given: SocketOptions['hidden']): unknown => {
      const { hiddenPauses, releaseAfterMs } = check({ hidden: given }).connection;
      return [hiddenPauses, releaseAfterMs];
    };
    expect([hidden('keep'), hidden('slow'), hidden({ releaseAfterMs: 60_000 })]).toEqual([
      [1, Number.POSITIVE_INFINITY],
      [2, Number.POSITIVE_INFINITY],
      [2, 60_000],
    ]);
  });

  it('take a URL in each of its forms', () => {
    const url = new URL('wss://server.example');
    for (const given of ['ws://a', 'wss://a', 'http://a', 'https://a/b?c#d', '/socket', 'socket', url]) {
      expect(check({ url: given }).url({ attempt: 0 })).toBe(given);
    }
    const run = (): string => 'ws://a';
    expect(check({ url: run }).url).toBe(run);
  });

  const wrong: [option: string, options: object][] = [
    ['url', { url: undefined }],
    ['url', { url: 7 }],
    ['url', { url: null }],
    ['url', { url: 'ftp://server.example' }],
    ['url', { url: new URL('ftp://server.example') }],
    ['url', { url: 'localhost:8080' }],
    ['url', { url: 'ws://' }],
    ['url', { url: 'mailto:a@b' }],
    ['protocol', { protocol: 'holdfast' }],
    ['protocol', { protocol: holdfast }],
    ['protocol', { protocol: null }],
    ['outbox', { outbox: 'memory' }],
    ['outbox', { outbox: memory }],
    ['outbox', { outbox: null }],
    ['reconnect', { reconnect: true }],
    ['reconnect', { reconnect: null }],
    ['reconnect', { reconnect: 5 }],
    ['reconnect.factor', { reconnect: { factor: 0 } }],
    ['reconnect.initialDelayMs', { reconnect: { initialDelayMs: -1 } }],
    ['reconnect.maxDelayMs', { reconnect: { maxDelayMs: Number.NaN } }],
    ['reconnect.maxAttempts', { reconnect: { maxAttempts: '3' } }],
    ['reconnect.delay', { reconnect: { delay: 1 } }],
    ['reconnect.constructor', { reconnect: { constructor: 1 } }],
    ['reconnect.toString', { reconnect: { toString: 1 } }],
    ['reconnect.jitter', { reconnect: { jitter: 'some' } }],
    ['reconnect.jitter', { reconnect: { jitter: null } }],
    ['reconnect.maxElapsedMs', { reconnect: { maxElapsedMs: 0 } }],
    ['reconnect.coolDownMs', { reconnect: { coolDownMs: '60s' } }],
    ['reconnect.decide', { reconnect: { decide: 500 } }],
    ['reconnect.policies', { reconnect: { policies: 'none' } }],
    ['reconnect.policies', { reconnect: { policies: null } }],
    ['reconnect.policies.TIMEOUT', { reconnect: { policies: { TIMEOUT: false } } }],
    ['reconnect.policies.SERVER_BUSY.jitter', { reconnect: { policies: { SERVER_BUSY: { jitter: 'some' } } } }],
    ['reconnect.policies.SERVER_BUSY.factor', { reconnect: { policies: { SERVER_BUSY: { factor: -1 } } } }],
    ['reconnect.policies.SERVER_BUSY.delay', { reconnect: { policies: { SERVER_BUSY: { delay: 1 } } } }],
    ['reconnect.policies.SERVER_BUSY', { reconnect: { policies: { SERVER_BUSY: true } } }],
    ['reconnect.policies.SERVER_BUSY', { reconnect: { policies: { SERVER_BUSY: null } } }],
    ['hidden', { hidden: 'release' }],
    ['hidden', { hidden: null }],
    ['hidden.releaseAfterMs', { hidden: { releaseAfterMs: 0 } }],
    ['hidden.after', { hidden: { after: 5 } }],
    ['heartbeat', { heartbeat: true, protocol: holdfast() }],
    ['heartbeat', { heartbeat: null, protocol: holdfast() }],
    ['heartbeat', { heartbeat: {} }],
    ['heartbeat.intervalMs', { heartbeat: { intervalMs: 0 }, protocol: holdfast() }],
    ['auth', { auth: 'token', protocol: holdfast() }],
    ['auth', { auth: () => 'token' }],
    ['signal', { signal: {} }],
    ['signal', { signal: null }],
    ['autoConnect', { autoConnect: 'yes' }],
    ['onConnect', { onConnect: 'x' }],
    ['onEvent', { onEvent: {} }],
    ['environment', { environment: {} }],
    ['environment', { environment: null }],
    ['reconnects', { reconnects: {} }],
    ['__proto__', JSON.parse('{"__proto__":{"url":"ws://a"}}') as object],
  ];

  it.each(wrong)('name a wrong one: %s in %o', (option, options) => {
    const fault = faultOf(() => checkOptions({ url: 'ws://server.example', environment, ...options }));
    expect([fault.code, fault.details]).toEqual(['INVALID_OPTION', { option }]);
    expect(fault.message).toMatch(new RegExp(`^option ${option.replaceAll('.', '\\.')} must be .+, not .+`, 's'));
  });

  it.each([undefined, null, 'ws://server.example', 7])('name themselves when they are %o', (options) => {
    const fault = faultOf(() => checkOptions(options as unknown as SocketOptions));
    expect(fault.details).toEqual({ option: 'options' });
    expect(fault.message).toMatch(/^options must be an object, not /);
  });

  it('tell the shape of what they were given, never the thing: it may be a secret', () => {
    expect(faultOf(() => check({ token: 'secret-token' })).message).not.toContain('secret');
    expect(faultOf(() => check({ token: ['secret-token'] })).message).toContain('not an array of 1');
    expect(faultOf(() => check({ url: 'ftp://user:secret@server.example' })).message).not.toContain('secret');
  });

  it('take an outbox that stores with either protocol', () => {
    for (const protocol of [plain(), holdfast()]) expect(check({ outbox: stored, protocol }).outbox).toBe(stored);
  });
});

describe('policies', () => {
  it('are the part of the machine, without what is undefined', () => {
    const policies = { SERVER_BUSY: false, URL_FAILED: { initialDelayMs: 10, jitter: undefined, factor: undefined } };
    expect(check({ reconnect: { policies: policies as never } }).connection.policies).toEqual({
      SERVER_BUSY: false,
      URL_FAILED: { initialDelayMs: 10 },
    });
    expect(check({}).connection.policies).toEqual({});
  });
});

describe('memory', () => {
  it.each([{ maxMessages: 0 }, { maxBytes: 'many' }, { maxAgeMs: -1 }, { overflow: 'drop' }, { max: 1 }, null])(
    'names what is wrong in %o',
    (options) => {
      expect(faultOf(() => memory(options as never)).message).toMatch(/^option memory/);
    },
  );
});

describe('plain', () => {
  it.each([
    ['codec', { codec: 'xml' }],
    ['codec', { codec: null }],
    ['subprotocols', { subprotocols: 'chat' }],
    ['subprotocols', { subprotocols: [7] }],
  ])('names what is wrong: %s in %o', (option, options) => {
    expect(faultOf(() => plain(options as never))).toMatchObject({ code: 'INVALID_OPTION', details: { option } });
  });

  it('offers no subprotocol by default, holdfast() its own', () => {
    expect([plain().subprotocols, plain({ subprotocols: ['a'] }).subprotocols, holdfast().subprotocols]).toEqual([
      [],
      ['a'],
      ['holdfast.v1'],
    ]);
  });
});
