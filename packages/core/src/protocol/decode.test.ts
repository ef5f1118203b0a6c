import { describe, expect, it } from 'vitest';
import { utf8Length } from '../lib/utf8.ts';
import { aWelcome } from '../testing-fakes/frames.fixture.ts';
import { decodeServerMessage } from './decode.ts';
import { decodeClientMessage } from './decode-client.ts';
import { encode } from './frames.ts';

const limits = { messageBytes: 1_000, producers: 10 };

function framesOf(data: string, messageBytes = 1_000): unknown {
  const decoded = decodeClientMessage(data, { ...limits, messageBytes });
  return decoded.ok ? decoded.frames : decoded.fault;
}

describe('a message of a client', () => {
  it('is measured by the UTF-8 bytes of its payload', () => {
    for (const payload of ['null', '"漢🐟"', '{"a":[1,2,3]}', JSON.stringify('x'.repeat(900))]) {
      expect(framesOf(encode.message(12, 345, payload))).toEqual([
        { kind: 'm', producer: 12, seq: 345, payload: JSON.parse(payload) as unknown, bytes: utf8Length(payload) },
      ]);
    }
  });

  // `1e15` is shorter than the number that it stands for: what is measured by that number has fewer bytes than it has.
  it('has at least the bytes of its payload, however its numbers are written', () => {
    for (const head of ['["m",0,1e15,', '["m",0,1.0e0,', '["m",1E2,1e15,', ' [ "m" , 0 , 1 , ', '["\\u006d",0,1,']) {
      const decoded = decodeClientMessage(`${head}"0123456789"]`, limits);
      if (!decoded.ok) expect.fail(decoded.fault.message);
      expect(decoded.frames[0]).toMatchObject({ kind: 'm', payload: '0123456789' });
      expect((decoded.frames[0] as { bytes: number }).bytes, head).toBeGreaterThanOrEqual(12);
    }
  });

  it('can not pass the limit by the way its numbers are written', () => {
    expect(framesOf('["m",0,1e15,"0123456789"]', 11)).toMatchObject({ closeCode: 1009 });
    expect(framesOf('["m",0,1e15,"0123456789"]', 12)).toMatchObject([{ seq: 1e15 }]);
  });

  it('keeps its payload as JSON has it', () => {
    const payload = '{"__proto__":{"polluted":1},"constructor":1,"toString":null,"":[{}]}';
    const decoded = decodeClientMessage(encode.message(0, 1, payload), limits);
    if (!decoded.ok) expect.fail(decoded.fault.message);
    expect(JSON.stringify((decoded.frames[0] as { payload: unknown }).payload)).toBe(payload);
    expect('polluted' in {}).toBe(false);
  });
});

describe('a hello', () => {
  const hello = { v: 1, client: 'c', n: 1, producers: [] };

  it('leaves out what it does not know, and takes nothing from a prototype', () => {
    const text = '["hello",{"v":1,"client":"c","n":1,"producers":[],"x":1,"__proto__":{"auth":"t","session":"s"}}]';
    expect(framesOf(text)).toEqual([{ kind: 'hello', hello }]);
  });

  it('takes nothing from a prototype that somebody else has polluted', () => {
    const polluted = Object.prototype as { auth?: string };
    polluted.auth = 'planted';
    try {
      expect(framesOf(JSON.stringify(['hello', hello]))).toStrictEqual([{ kind: 'hello', hello }]);
    } finally {
      delete polluted.auth;
    }
  });

  it.each(['session', 'key', 'epoch', 'received'])('has all of a session or none of it: without %s', (left) => {
    const session: { [key: string]: unknown } = { session: 's', key: 'k', epoch: 'e', received: 3 };
    expect(framesOf(JSON.stringify(['hello', { ...hello, ...session }]))).toEqual([
      { kind: 'hello', hello: { ...hello, ...session } },
    ]);
    delete session[left];
    expect(framesOf(JSON.stringify(['hello', { ...hello, ...session }]))).toMatchObject({ closeCode: 1002 });
  });

  it('takes identifiers of 64 characters and tokens of 16,384', () => {
    const long = { ...hello, client: 'c'.repeat(64), auth: 't'.repeat(16_384) };
    expect(framesOf(encode.hello(long))).toEqual([{ kind: 'hello', hello: long }]);
  });
});

describe('a fault', () => {
  const secret = 'a-secret-that-nobody-may-log';

  it('never quotes what was sent', () => {
    for (const data of [`["hello","${secret}"]`, `["${secret}"]`, `["m",0,1,"${secret}"`, `["a","${secret}"]`]) {
      expect(JSON.stringify(framesOf(data))).not.toContain(secret);
    }
  });

  it('is short enough for the error frame that answers it, whatever was sent', () => {
    const long = 'k'.repeat(100_000);
    const attacks: unknown[] = [
      { [long]: 1 },
      [long],
      ['hello', long],
      ['m', { [long]: 1, [`${long}2`]: 2 }, 1, 1],
      ['a', [long]],
    ];
    for (const attack of attacks) {
      const decoded = decodeClientMessage(JSON.stringify(attack), limits);
      if (decoded.ok) expect.fail('it was taken');
      const answer = encode.error({ code: 'PROTOCOL_ERROR', message: decoded.fault.message });
      expect(decodeServerMessage(answer)).toMatchObject({ ok: true });
    }
  });

  it('is told of the first frame that is wrong, by its number', () => {
    expect(framesOf('["a",1]\n["a",2]\n7')).toMatchObject({ message: expect.stringContaining('frame 2') });
  });

  it.each([undefined, null, 7, new Blob(['x']), { data: '["a",1]' }, ['a', 1]])(
    'answers %o, which is neither text nor bytes, with 1003',
    (data) => {
      expect(decodeClientMessage(data, limits)).toMatchObject({ ok: false, fault: { closeCode: 1003 } });
      expect(decodeServerMessage(data)).toMatchObject({ ok: false, fault: { closeCode: 1003 } });
    },
  );
});

describe('a message of a server', () => {
  it('is what was encoded, for every kind of frame', () => {
    const error = { code: 'X', message: 'why', retryAfterMs: 5, details: { a: [1, null] } };
    const welcome = aWelcome({
      taken: [null, [3, []], [9, [[8, error]]]],
      lost: { reason: 'buffer-overflow', from: 1, to: null },
    });
    const text = [
      encode.welcome(welcome),
      encode.taken([null, [1, [[1, error]]], [2, [], 7]]),
      encode.serverMessage(1, '{"a":"\\n"}'),
      encode.acknowledge(0, 1),
      encode.refuse(3, 4, error),
      encode.drain(30_000),
      encode.reauth(5_000),
      encode.ping(0),
      encode.pong(1),
      encode.error(error),
    ].join('\n');
    expect(decodeServerMessage(text)).toEqual({
      ok: true,
      frames: [
        { kind: 'welcome', welcome },
        { kind: 'taken', taken: [null, [1, [[1, error]]], [2, [], 7]] },
        { kind: 'm', offset: 1, payload: { a: '\n' } },
        { kind: 'a', producer: 0, seq: 1 },
        { kind: 'r', producer: 3, seq: 4, error },
        { kind: 'drain', withinMs: 30_000 },
        { kind: 'reauth', withinMs: 5_000 },
        { kind: 'p', n: 0 },
        { kind: 'q', n: 1 },
        { kind: 'error', error },
      ],
    });
  });
});
