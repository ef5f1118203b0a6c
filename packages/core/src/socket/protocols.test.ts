import { expect, test } from 'vitest';
import { pongBarrier } from '../machines/confirmation.ts';
import { holdfast, plain } from './protocols.ts';

test('holdfast() offers its subprotocol, and has no codec', () => {
  expect(holdfast()).toMatchObject({ name: 'holdfast', subprotocols: ['holdfast.v1'] });
  expect('codec' in holdfast()).toBe(false);
});

test('holdfast() gives the token in its first message, unless it is told to offer it', () => {
  expect([holdfast().isTokenOffered, holdfast({ tokenIn: 'subprotocol' }).isTokenOffered]).toEqual([false, true]);
  expect(() => holdfast({ tokenIn: 'query' as never })).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION', details: { option: 'tokenIn' } }),
  );
});

test('plain() is JSON and offers nothing, unless it is told to', () => {
  expect(plain()).toMatchObject({ name: 'plain', codec: 'json', subprotocols: [] });
  expect(plain({ codec: 'text', subprotocols: ['mqtt'] })).toMatchObject({ codec: 'text', subprotocols: ['mqtt'] });
});

test('plain() has a ping if it is given one, holdfast() always', () => {
  expect([plain().hasPing, plain({ ping: { data: () => '' } }).hasPing, holdfast().hasPing]).toEqual([
    false,
    true,
    true,
  ]);
});

test('a payload counts its bytes with holdfast(), and with plain() what it is sure to have', () => {
  expect([holdfast().bytesOf('ü🐟'), plain().bytesOf('ü🐟')]).toEqual([6, 3]);
});

test.each<[string, unknown]>([
  ['codec', { codec: 'binary' }],
  ['codec', { codec: null }],
  ['subprotocols', { subprotocols: 'mqtt' }],
  ['subprotocols', { subprotocols: [1] }],
  ['subprotocols', { subprotocols: null }],
  ['ping', { ping: null }],
  ['ping', { ping: {} }],
  ['ping', { ping: 'ping' }],
  ['confirm', { confirm: null }],
  ['confirm', { confirm: () => 1 }],
  ['ping', { confirm: pongBarrier() }],
  ['ping', { confirm: pongBarrier(), ping: { data: () => '' } }],
  ['onDoubt', { onDoubt: 'retry' }],
])('a wrong %s names itself: %j', (option, options) => {
  expect(() => plain(options as never)).toThrow(
    expect.objectContaining({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(`plain({ ${option} })`) as string,
      details: { option },
    }),
  );
});
