import { expect } from 'vitest';
import { next, nameOf, type Requirement } from './requirement.fixture.ts';

const CONSTANTS = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 } as const;
const READ_ONLY = ['url', 'readyState', 'bufferedAmount', 'extensions', 'protocol'] as const;
const HANDLERS = ['onopen', 'onerror', 'onclose', 'onmessage'] as const;
const ATTRIBUTES = [...READ_ONLY, ...HANDLERS, 'binaryType'] as const;

export const interfaceRequirements: readonly Requirement[] = [
  {
    number: '2.1',
    text: 'CONNECTING, OPEN, CLOSING and CLOSED are 0 to 3 on class, prototype and instance',
    run({ WebSocket, create }) {
      for (const target of [WebSocket, WebSocket.prototype, create('/echo')]) {
        const { CONNECTING, OPEN, CLOSING, CLOSED } = target;
        expect({ CONNECTING, OPEN, CLOSING, CLOSED }).toEqual(CONSTANTS);
      }
    },
  },
  {
    number: '2.2',
    text: 'the constants are enumerable and can be neither written nor configured',
    run({ WebSocket }) {
      for (const target of [WebSocket, WebSocket.prototype]) {
        for (const [name, value] of Object.entries(CONSTANTS)) {
          expect(Object.getOwnPropertyDescriptor(target, name)).toEqual({
            value,
            writable: false,
            enumerable: true,
            configurable: false,
          });
        }
      }
    },
  },
  {
    number: '2.3',
    text: 'attributes are enumerable, configurable accessors of the prototype, with their standard names',
    run({ WebSocket, create }) {
      for (const name of ATTRIBUTES) {
        const descriptor = Object.getOwnPropertyDescriptor(WebSocket.prototype, name);
        expect(descriptor).toMatchObject({ enumerable: true, configurable: true });
        expect(descriptor?.get?.name).toBe(`get ${name}`);
        const isReadOnly = (READ_ONLY as readonly string[]).includes(name);
        expect(descriptor?.set?.name).toBe(isReadOnly ? undefined : `set ${name}`);
      }
      expect(Object.keys(create('/echo'))).toEqual([]);
    },
  },
  {
    number: '2.4',
    text: 'send and close are enumerable, writable, configurable methods of length 1 and 0',
    run({ WebSocket }) {
      for (const [name, length] of [
        ['send', 1],
        ['close', 0],
      ] as const) {
        const descriptor = Object.getOwnPropertyDescriptor(WebSocket.prototype, name);
        expect(descriptor).toMatchObject({ enumerable: true, writable: true, configurable: true });
        const method = descriptor?.value as (...given: unknown[]) => unknown;
        expect([method.name, method.length]).toEqual([name, length]);
      }
    },
  },
  {
    number: '2.5',
    text: 'read-only attributes refuse to be set',
    run({ create, url }) {
      const socket = create('/echo');
      for (const name of READ_ONLY) {
        expect(nameOf(() => ((socket as unknown as Record<string, unknown>)[name] = 'other'))).toBe('TypeError');
      }
      expect(socket.url).toBe(url('/echo'));
    },
  },
  {
    number: '2.6',
    text: 'getters, setters and methods throw a TypeError on anything that is no WebSocket',
    run({ WebSocket }) {
      const alien = Object.create(WebSocket.prototype) as WebSocket;
      for (const name of ATTRIBUTES) expect(nameOf(() => alien[name])).toBe('TypeError');
      expect(nameOf(() => alien.send('x'))).toBe('TypeError');
      expect(nameOf(() => alien.close())).toBe('TypeError');
      expect(nameOf(() => (alien.binaryType = 'blob'))).toBe('TypeError');
      expect(nameOf(() => (alien.onopen = null))).toBe('TypeError');
    },
  },
  {
    number: '2.7',
    text: 'it is an EventTarget, and its class extends that class',
    run({ WebSocket, create }) {
      expect(create('/echo')).toBeInstanceOf(EventTarget);
      expect(Object.getPrototypeOf(WebSocket)).toBe(EventTarget);
      expect(Object.getPrototypeOf(WebSocket.prototype)).toBe(EventTarget.prototype);
    },
  },
  {
    number: '2.8',
    text: 'its string tag is WebSocket, not enumerable',
    run({ WebSocket, create }) {
      expect(Object.prototype.toString.call(create('/echo'))).toBe('[object WebSocket]');
      expect(Object.getOwnPropertyDescriptor(WebSocket.prototype, Symbol.toStringTag)).toEqual({
        value: 'WebSocket',
        writable: false,
        enumerable: false,
        configurable: true,
      });
    },
  },
  {
    number: '2.9',
    text: 'the constructor has length 1',
    run({ WebSocket }) {
      expect(WebSocket.length).toBe(1);
    },
  },
  {
    number: '2.10',
    text: 'the constructor is named WebSocket',
    run({ WebSocket }) {
      expect(WebSocket.name).toBe('WebSocket');
    },
  },
  {
    number: '2.11',
    text: 'the prototype has the members of the standard and no others',
    run({ WebSocket }) {
      expect(Object.getOwnPropertyNames(WebSocket.prototype).sort()).toEqual(
        [...ATTRIBUTES, ...Object.keys(CONSTANTS), 'send', 'close', 'constructor'].sort(),
      );
    },
  },
  {
    number: '2.12',
    text: "an instance is an instance of the browser's own class",
    run({ create }) {
      expect(create('/echo')).toBeInstanceOf(globalThis.WebSocket);
    },
  },
  {
    number: '2.13',
    text: 'binaryType takes blob and arraybuffer and ignores anything else',
    run({ create }) {
      const socket = create('/echo');
      for (const value of ['arraybuffer', 'Blob', '', 'text', null, 1, {}]) {
        socket.binaryType = value as BinaryType;
        expect(socket.binaryType).toBe('arraybuffer');
      }
      socket.binaryType = { toString: () => 'blob' } as unknown as BinaryType;
      expect(socket.binaryType).toBe('blob');
      expect(nameOf(() => (socket.binaryType = Symbol('blob') as unknown as BinaryType))).toBe('TypeError');
    },
  },
  {
    number: '2.14',
    text: 'protocol is what the server chose, from open on and after the close',
    async run({ open }) {
      const socket = await open('/echo', ['one', 'two']);
      expect(socket.protocol).toBe('one');
      socket.close();
      await next(socket, 'close');
      expect(socket.protocol).toBe('one');
    },
  },
  {
    number: '2.15',
    text: 'extensions is what was negotiated, from open on and after the close',
    async run({ open }) {
      const socket = await open('/deflate');
      expect(socket.extensions).toContain('permessage-deflate');
      socket.close();
      await next(socket, 'close');
      expect(socket.extensions).toContain('permessage-deflate');
      expect((await open('/echo')).extensions).toBe('');
    },
  },
  {
    number: '2.16',
    text: 'url stays after the close',
    async run({ open, url }) {
      const socket = await open('/echo?x=1');
      socket.close();
      await next(socket, 'close');
      expect(socket.url).toBe(url('/echo?x=1'));
    },
  },
];
