import { expect } from 'vitest';
import { aTask, nameOf, next, type Requirement, thrownBy } from './requirement.fixture.ts';

async function echoed(socket: WebSocket, data: unknown): Promise<unknown> {
  socket.binaryType = 'arraybuffer';
  const answer = next(socket, 'message');
  socket.send(data as string);
  const { data: came } = await answer;
  return came instanceof ArrayBuffer ? [...new Uint8Array(came)] : came;
}

function shared(): SharedArrayBuffer {
  // The constructor is missing where the page is not isolated; the memory of WebAssembly is not.
  return new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer as unknown as SharedArrayBuffer;
}

function detached(): ArrayBuffer {
  const buffer = new ArrayBuffer(8);
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
}

export const sendRequirements: readonly Requirement[] = [
  {
    number: '3.1',
    text: 'send in CONNECTING throws an InvalidStateError, which is a DOMException',
    run({ create }) {
      const socket = create('/echo');
      const error = thrownBy(() => socket.send('early'));
      expect(error).toBeInstanceOf(DOMException);
      expect((error as DOMException).name).toBe('InvalidStateError');
      expect(socket.bufferedAmount).toBe(0);
    },
  },
  {
    number: '3.2',
    text: 'send without an argument throws a TypeError, in every state',
    async run({ create }) {
      const socket = create('/echo');
      const bare = socket as unknown as { send(): void };
      expect(nameOf(() => bare.send())).toBe('TypeError');
      await next(socket, 'open');
      expect(nameOf(() => bare.send())).toBe('TypeError');
      socket.close();
      expect(nameOf(() => bare.send())).toBe('TypeError');
    },
  },
  {
    number: '3.3',
    text: 'a string is sent as text',
    async run({ open }) {
      const socket = await open();
      expect(await echoed(socket, 'häß 🌍')).toBe('häß 🌍');
      expect(await echoed(socket, '')).toBe('');
    },
  },
  {
    number: '3.4',
    text: 'a lone surrogate is sent as U+FFFD',
    async run({ open }) {
      expect(await echoed(await open(), 'a\ud800b\udc00')).toBe('a\ufffdb\ufffd');
    },
  },
  {
    number: '3.5',
    text: 'anything else is converted to a string',
    async run({ open }) {
      const socket = await open();
      const answers: unknown[] = [];
      for (const data of [null, undefined, 12.5, true, {}, [1, [2]], { toString: () => 'own' }, 10n]) {
        answers.push(await echoed(socket, data));
      }
      expect(answers).toEqual(['null', 'undefined', '12.5', 'true', '[object Object]', '1,2', 'own', '10']);
    },
  },
  {
    number: '3.6',
    text: 'a conversion that throws throws out of send, and a symbol is a TypeError',
    async run({ open }) {
      const socket = await open();
      const failure = new Error('no string');
      const throwing = {
        toString() {
          throw failure;
        },
      };
      expect(thrownBy(() => socket.send(throwing as unknown as string))).toBe(failure);
      expect(nameOf(() => socket.send(Symbol('x') as unknown as string))).toBe('TypeError');
      expect(socket.bufferedAmount).toBe(0);
    },
  },
  {
    number: '3.7',
    text: 'a Blob is sent as binary, in its place',
    async run({ open }) {
      const socket = await open('/echo');
      socket.binaryType = 'arraybuffer';
      const answers: unknown[] = [];
      socket.onmessage = ({ data }) => answers.push(data instanceof ArrayBuffer ? [...new Uint8Array(data)] : data);
      socket.send(new Blob([new Uint8Array([1, 2])]));
      socket.send('after');
      while (answers.length < 2) await aTask(5);
      expect(answers).toEqual([[1, 2], 'after']);
    },
  },
  {
    number: '3.8',
    text: 'an ArrayBuffer is sent as binary, with the bytes of the moment of the call',
    async run({ open }) {
      const socket = await open();
      socket.binaryType = 'arraybuffer';
      const bytes = new Uint8Array([1, 2, 3]);
      const answer = next(socket, 'message');
      socket.send(bytes.buffer);
      bytes.fill(9);
      expect([...new Uint8Array((await answer).data as ArrayBuffer)]).toEqual([1, 2, 3]);
    },
  },
  {
    number: '3.9',
    text: 'of every kind of view the part that it shows is sent',
    async run({ open }) {
      const socket = await open();
      const { buffer } = new Uint8Array(24).map((_, index) => index);
      const kinds = [
        Int8Array,
        Uint8Array,
        Uint8ClampedArray,
        Int16Array,
        Uint16Array,
        Int32Array,
        Uint32Array,
        Float32Array,
        Float64Array,
        BigInt64Array,
        BigUint64Array,
      ];
      for (const Kind of kinds) {
        expect(await echoed(socket, new Kind(buffer, 8, 1))).toEqual(
          Array.from({ length: Kind.BYTES_PER_ELEMENT }, (_, index) => 8 + index),
        );
      }
      expect(await echoed(socket, new DataView(buffer, 1, 2))).toEqual([1, 2]);
      expect(await echoed(socket, new Uint8Array(buffer, 24))).toEqual([]);
    },
  },
  {
    number: '3.10',
    text: 'a detached buffer is sent as an empty message',
    async run({ open }) {
      const socket = await open();
      expect(await echoed(socket, detached())).toEqual([]);
    },
  },
  {
    number: '3.11',
    text: 'shared memory: a view of it throws a TypeError',
    async run({ open }) {
      const socket = await open();
      expect(nameOf(() => socket.send(new Uint8Array(shared()) as unknown as Uint8Array<ArrayBuffer>))).toBe(
        'TypeError',
      );
    },
  },
  {
    number: '3.12',
    text: 'bufferedAmount counts the bytes of UTF-8 and of binary data, at the call, and falls to 0 when all is written',
    async run({ open }) {
      const socket = await open();
      socket.send('é🌍\ud800');
      expect(socket.bufferedAmount).toBe(2 + 4 + 3);
      socket.send(new Uint8Array(10));
      socket.send(new Blob(['xyz']));
      expect(socket.bufferedAmount).toBe(9 + 10 + 3);
      while (socket.bufferedAmount > 0) await aTask(5);
    },
  },
  {
    number: '3.13',
    text: 'send in CLOSING and CLOSED sends nothing, throws nothing, and raises bufferedAmount for ever',
    async run({ open, seen }) {
      const socket = await open('/echo?id=late');
      socket.close();
      socket.send('abc');
      expect(socket.bufferedAmount).toBe(3);
      await next(socket, 'close');
      expect(socket.bufferedAmount).toBe(3);
      socket.send('é');
      socket.send(new Uint8Array(4));
      socket.send(new Blob(['12']));
      expect(socket.bufferedAmount).toBe(3 + 2 + 4 + 2);
      expect((await seen('late')).texts).toEqual([]);
    },
  },
  {
    number: '3.14',
    text: 'send returns undefined',
    async run({ open }) {
      expect((await open()).send('x')).toBeUndefined();
    },
  },
  {
    number: '3.15',
    text: 'messages arrive in the order of their calls, whatever their kinds',
    async run({ open, seen }) {
      const socket = await open('/echo?id=order');
      let answers = 0;
      socket.onmessage = () => {
        answers += 1;
      };
      for (let n = 0; n < 100; n += 1)
        socket.send(
          n % 3 === 0 ? new Blob([String(n)]) : n % 3 === 1 ? String(n) : new TextEncoder().encode(String(n)),
        );
      while (answers < 100) await aTask(5);
      socket.close();
      await next(socket, 'close');
      expect((await seen('order')).texts).toEqual(Array.from({ length: 100 }, (_, n) => String(n)));
    },
  },
  {
    number: '3.16',
    text: 'a message of megabytes goes as one',
    async run({ open }) {
      const socket = await open('/count');
      expect(await echoed(socket, 'x'.repeat(5_000_000))).toBe('5000000');
    },
  },
];
