import { holdfast, HoldfastError, memory, plain } from '@holdfast/core';
import { indexedDB } from '@holdfast/core/indexeddb';
import { expect, test } from 'vitest';
import { socketRequest, type SocketUrl, type UseSocketOptions } from './socket-request.ts';

const URL_TEXT = 'wss://example.org/chat';
const key = (options: UseSocketOptions = {}, url: SocketUrl = URL_TEXT): string => socketRequest(url, options).key;

/** An outbox with more data in it. */
const outbox = (data: object): NonNullable<UseSocketOptions['outbox']> => data as never;

test('equal data is the same request', () => {
  expect(key({ reconnect: { factor: 2, maxDelayMs: 10 }, heartbeat: false })).toBe(
    key({ reconnect: { factor: 2, maxDelayMs: 10 }, heartbeat: false }),
  );
  expect(key({}, new URL(URL_TEXT))).toBe(key());
});

test.each<[string, UseSocketOptions, UseSocketOptions]>([
  ['a number', { reconnect: { factor: 2 } }, { reconnect: { factor: 3 } }],
  ['a missing part', { reconnect: {} }, {}],
  ['off and by default', { heartbeat: false }, {}],
  ['a deep value', { outbox: outbox({ list: ['a'] }) }, { outbox: outbox({ list: ['b'] }) }],
  ['the shape of a list', { outbox: outbox({ list: ['a,b'] }) }, { outbox: outbox({ list: ['a', 'b'] }) }],
  ['a key', { key: 'a' }, { key: 'b' }],
  ['a key and none', { key: '' }, {}],
  ['with and without auth', { auth: () => 'token' }, {}],
])('another socket for %s', (_, a, b) => {
  expect(key(a)).not.toBe(key(b));
});

test('another socket for another URL', () => {
  expect(key({}, 'wss://example.org/a')).not.toBe(key({}, 'wss://example.org/b'));
  expect(key({ key: 'a' }, () => URL_TEXT)).not.toBe(key({ key: 'a' }));
});

test("the app's functions are not compared", () => {
  const make = (): UseSocketOptions => ({ key: 'chat', auth: () => 'token', onConnect: () => {}, onEvent: () => {} });
  expect(key(make(), () => URL_TEXT)).toBe(key(make(), () => URL_TEXT));
  expect(key({ onConnect: () => {}, onEvent: () => {} })).toBe(key());
});

test('an outbox is told from another by its data: a stored one has a scope', () => {
  const byScope = (scope: string): string => key({ outbox: outbox({ scope, open: () => {} }) });
  expect(byScope('alice')).toBe(byScope('alice'));
  expect(byScope('alice')).not.toBe(byScope('bob'));
});

test('a memory outbox and a protocol may be made in every render', () => {
  expect(key({ outbox: memory() })).toBe(key({ outbox: memory() }));
  expect(key({ outbox: memory() })).not.toBe(key({ outbox: memory({ maxMessages: 5 }) }));
  expect(key({ protocol: plain() })).toBe(key({ protocol: plain() }));
  expect(key({ protocol: plain() })).not.toBe(key({ protocol: plain({ subprotocols: ['chat'] }) }));
  expect(key({ protocol: holdfast() })).toBe(key({ protocol: holdfast() }));
  expect(key({ protocol: holdfast() })).not.toBe(key({ protocol: plain() }));
});

test('the outboxes of two people are two', () => {
  const stored = (identity: string): string => key({ outbox: indexedDB({ name: 'chat', identity }) });
  expect(stored('alice')).not.toBe(stored('bob'));
});

test('what concerns the component alone makes no other socket', () => {
  expect(key({ autoConnect: false, idleMs: 5 })).toBe(key());
});

test('an option given as undefined is one not given', () => {
  expect(key({ reconnect: undefined, auth: undefined, key: undefined } as never)).toBe(key());
});

test('the environment is compared by identity', () => {
  const environment = (): NonNullable<UseSocketOptions['environment']> => ({ now: () => 0 }) as never;
  const one = environment();
  expect(key({ environment: one })).toBe(key({ environment: one }));
  expect(key({ environment: one })).not.toBe(key({ environment: environment() }));
});

test('refuses a URL function without key', () => {
  const attempt = (): unknown => socketRequest(() => URL_TEXT, {});
  expect(attempt).toThrow(HoldfastError);
  expect(attempt).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
});
