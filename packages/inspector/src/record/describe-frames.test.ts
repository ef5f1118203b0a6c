// @vitest-environment node
import { encode, joinBinary, messageFrame, type Welcome } from '@holdfast/core/protocol';
import { expect, test } from 'vitest';
import { describeFrames, describePlain } from './describe-frames.ts';
import type { Direction } from './records.ts';
import { withoutSecrets } from './wire.ts';

const words = (data: unknown, direction: Direction): string[] =>
  describeFrames(data, direction, null).map(([{ kind, text }]) => `${kind}: ${text}`);

const hello = {
  v: 1,
  client: 'c',
  session: 'session-SECRET',
  key: 'SECRET',
  epoch: 'e',
  received: 7,
  n: 1,
  producers: [['p', 1, 1, 0]],
  auth: 'SECRET',
} as const;
const welcome: Welcome = {
  session: 'session-SECRET',
  key: 'SECRET',
  epoch: 'e',
  offset: 7,
  resumed: true,
  lost: { reason: 'buffer-expired', from: 1, to: 2 },
  taken: [null],
  identity: 'SECRET',
  heartbeat: { intervalMs: 1, timeoutMs: 1 },
  window: { messages: 1, bytes: 1 },
  limits: { messageBytes: 1, producers: 1, producerTtlMs: 1 },
  time: 0,
};

test('every frame of a client has words, and no secret in them', () => {
  const frames = [
    encode.hello(hello),
    encode.producers([['producer-one', 1, 2, 1]]),
    encode.message(0, 3, '"SECRET"'),
    encode.skip(0, 4),
    encode.received(9),
    encode.fin('producer-one'),
    encode.auth('SECRET'),
    encode.ping(5),
    encode.pong(6),
    encode.error({ code: 'BAD', message: 'SECRET' }),
  ];
  expect(words(frames.join('\n'), 'up')).toEqual([
    'hello: resume session-… after 7 · 1 producer · token',
    'producers: producer…',
    'message: seq 3 · producer 0',
    'skip: seq 4 · producer 0',
    'ack: up to offset 9',
    'fin: producer…',
    'auth: token',
    'ping: 5',
    'pong: 6',
    'error: BAD',
  ]);
});

test("every frame of a server has words; those of a refusal are the app's own", () => {
  const frames = [
    encode.welcome(welcome),
    encode.taken([null, [4, []]]),
    encode.serverMessage(8, '"SECRET"'),
    encode.acknowledge(1, 2),
    encode.refuse(1, 3, { code: 'EMPTY', message: 'SECRET' }),
    encode.drain(30),
    encode.reauth(40),
  ];
  expect(words(frames.join('\n'), 'down')).toEqual([
    'welcome: resumed session-… · offset 7 · lost: buffer-expired',
    'taken: 2 producers',
    'message: offset 8',
    'ack: up to seq 2 · producer 1',
    'refusal: seq 3 · producer 1 · EMPTY',
    'drain: within 30 ms',
    'reauth: within 40 ms',
  ]);
  const [shown] = describeFrames(frames[4], 'down', (payload) => payload);
  expect(shown?.[0].payload).toContain('SECRET');
});

test('bytes travel in binary frames, each with its own size', () => {
  const frames = [new Uint8Array([1, 2]), new Uint8Array(300)].map((bytes, seq) => messageFrame(bytes, 0, seq + 1));
  const data = joinBinary(frames.filter((frame) => typeof frame !== 'string'));
  const [small, large] = describeFrames(data, 'up', (payload) => payload);
  expect(small?.[0]).toEqual({ kind: 'message', text: 'seq 1 · producer 0', bytes: 2, payload: '01 02' });
  expect(large?.[0]).toMatchObject({ bytes: 300, payload: expect.stringMatching(/… \(300 bytes\)$/) });
});

test('what breaks the protocol is told by its shape', () => {
  for (const data of ['SECRET', '["SECRET"]', '["m","SECRET"]', new Uint8Array([9, 9]), 5]) {
    const [[fault] = []] = describeFrames(data, 'down', (payload) => payload);
    expect(fault?.kind).toBe('invalid');
    expect(fault?.text).not.toContain('SECRET');
  }
});

test('a plain message is text or bytes', () => {
  expect(describePlain('SECRET é', 'up', null)).toEqual({ kind: 'text', text: '', bytes: 9, payload: null });
  expect(describePlain(new Uint8Array(3).buffer, 'up', null)).toMatchObject({ kind: 'binary', bytes: 3 });
  expect(describePlain(new Blob(['four']), 'up', null)).toMatchObject({ kind: 'binary', bytes: 4 });
});

test('a URL is shown without what may be secret', () => {
  expect(withoutSecrets('wss://user:SECRET@chat.test:8443/a/b?token=SECRET#SECRET')).toBe('wss://chat.test:8443/a/b?…');
  expect(withoutSecrets('ws://chat.test')).toBe('ws://chat.test/');
  expect(withoutSecrets('SECRET')).toBe('(no URL)');
});
