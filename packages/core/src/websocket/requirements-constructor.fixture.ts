import { expect } from 'vitest';
import { aTask, nameOf, next, type Requirement, thrownBy } from './requirement.fixture.ts';

export const constructorRequirements: readonly Requirement[] = [
  {
    number: '1.1',
    text: 'the constructor without `new` throws a TypeError',
    run({ WebSocket, url }) {
      const call = WebSocket as unknown as (url: string) => unknown;
      expect(nameOf(() => call(url('/echo')))).toBe('TypeError');
    },
  },
  {
    number: '1.2',
    text: 'the constructor without a URL throws a TypeError',
    run({ WebSocket }) {
      const Bare = WebSocket as unknown as new () => WebSocket;
      expect(nameOf(() => new Bare())).toBe('TypeError');
    },
  },
  {
    number: '1.3',
    text: 'a URL that can not be parsed throws a SyntaxError, which is a DOMException',
    run({ WebSocket }) {
      for (const url of ['ws://', 'http://[', 'ws://host:99999999/', 'ws://%zz/']) {
        const error = thrownBy(() => new WebSocket(url));
        expect(error).toBeInstanceOf(DOMException);
        expect((error as DOMException).name).toBe('SyntaxError');
      }
    },
  },
  {
    number: '1.4',
    text: 'a scheme other than ws, wss, http and https throws a SyntaxError',
    run({ WebSocket }) {
      for (const url of ['ftp://host/', 'mailto:a@host', 'about:blank', 'data:,x']) {
        expect(nameOf(() => new WebSocket(url))).toBe('SyntaxError');
      }
    },
  },
  {
    number: '1.5',
    text: 'the scheme http becomes ws, https becomes wss',
    run({ WebSocket, create, url }) {
      expect(create(url('/echo').replace('ws:', 'http:')).url).toBe(url('/echo'));
      const secure = new WebSocket(url('/echo').replace('ws:', 'https:'));
      secure.close();
      expect(secure.url).toBe(url('/echo').replace('ws:', 'wss:'));
    },
  },
  {
    number: '1.6',
    text: "a relative URL is resolved against the document's base URL",
    run({ create }) {
      const base = document.createElement('base');
      base.href = '/deep/er/page';
      document.head.append(base);
      try {
        const here = `ws://${location.host}`;
        expect(create('x?y').url).toBe(`${here}/deep/er/x?y`);
        expect(create('/x').url).toBe(`${here}/x`);
        expect(create('').url).toBe(`${here}/deep/er/page`);
      } finally {
        base.remove();
      }
    },
  },
  {
    number: '1.7',
    text: 'the URL may be anything that converts to a string, such as a URL object; conversion happens once',
    run({ WebSocket, create, url }) {
      expect(create(new URL(url('/echo')) as unknown as string).url).toBe(url('/echo'));
      let conversions = 0;
      const object = {
        toString() {
          conversions += 1;
          return url('/echo');
        },
      };
      expect(create(object as unknown as string).url).toBe(url('/echo'));
      expect(conversions).toBe(1);
      const failure = new Error('no string');
      const throwing = {
        toString() {
          throw failure;
        },
      };
      expect(thrownBy(() => new WebSocket(throwing as unknown as string))).toBe(failure);
      expect(nameOf(() => new WebSocket(Symbol('url') as unknown as string))).toBe('TypeError');
    },
  },
  {
    number: '1.8',
    text: 'a URL with a fragment, empty or not, throws a SyntaxError',
    run({ WebSocket, url }) {
      for (const part of ['#part', '#']) expect(nameOf(() => new WebSocket(url(`/echo${part}`)))).toBe('SyntaxError');
    },
  },
  {
    number: '1.9',
    text: 'a subprotocol that is no token throws a SyntaxError',
    run({ WebSocket, url }) {
      for (const protocol of ['', 'a b', 'a,b', 'ä', 'a/b', '\u007f', '"']) {
        expect(nameOf(() => new WebSocket(url('/echo'), protocol))).toBe('SyntaxError');
        expect(nameOf(() => new WebSocket(url('/echo'), ['fine', protocol]))).toBe('SyntaxError');
      }
    },
  },
  {
    number: '1.10',
    text: 'a subprotocol that is given twice throws a SyntaxError',
    run({ WebSocket, url }) {
      expect(nameOf(() => new WebSocket(url('/echo'), ['a', 'b', 'a']))).toBe('SyntaxError');
    },
  },
  {
    number: '1.11',
    text: 'subprotocols are a string, or any iterable of what converts to strings, gone through once',
    async run({ create }) {
      const one = create('/echo', 'chat');
      let walks = 0;
      const iterable = {
        *[Symbol.iterator]() {
          walks += 1;
          yield 5 as unknown as string;
          yield 'b';
        },
      };
      const other = create('/echo', iterable as unknown as string[]);
      await Promise.all([next(one, 'open'), next(other, 'open')]);
      expect(one.protocol).toBe('chat');
      expect(other.protocol).toBe('5');
      expect(walks).toBe(1);
    },
  },
  {
    number: '1.12',
    text: 'undefined and an empty list offer no subprotocol; null offers "null"',
    async run({ create }) {
      const sockets = [undefined, [], null].map((protocols) => create('/echo', protocols as unknown as string));
      await Promise.all(sockets.map((socket) => next(socket, 'open')));
      expect(sockets.map(({ protocol }) => protocol)).toEqual(['', '', 'null']);
    },
  },
  {
    number: '1.13',
    text: 'the constructor returns at once, in CONNECTING, with url in force and nothing negotiated yet',
    run({ WebSocket, create, url }) {
      const socket = create('/echo', ['a']);
      expect(socket.readyState).toBe(WebSocket.CONNECTING);
      expect(socket.url).toBe(url('/echo'));
      expect([socket.protocol, socket.extensions, socket.bufferedAmount, socket.binaryType]).toEqual([
        '',
        '',
        0,
        'blob',
      ]);
    },
  },
  {
    number: '1.14',
    text: 'no event is fired before the task of the constructor has ended, nor for a handshake that needs the network',
    async run({ create }) {
      const socket = create('/echo');
      let isOpen = false;
      socket.onopen = () => {
        isOpen = true;
      };
      await Promise.resolve();
      expect(isOpen).toBe(false);
      await next(socket, 'open');
      expect(isOpen).toBe(true);
    },
  },
  {
    number: '1.15',
    text: 'what is not a WebSocket URL or protocol throws at the constructor, and opens nothing',
    async run({ WebSocket, url, seen }) {
      expect(nameOf(() => new WebSocket(url('/echo?id=unwanted'), ['a', 'a']))).toBe('SyntaxError');
      await aTask(50);
      expect(await seen('unwanted').catch(() => null)).toBeNull();
    },
  },
  {
    number: '1.16',
    text: 'a class may extend it, and its instances are of both',
    run({ WebSocket, url }) {
      class Mine extends WebSocket {
        readonly extra = 1;
        get twice(): number {
          return this.readyState * 2;
        }
      }
      const socket = new Mine(url('/echo'));
      expect(socket).toBeInstanceOf(Mine);
      expect(socket).toBeInstanceOf(WebSocket);
      expect([socket.extra, socket.twice]).toEqual([1, 0]);
      socket.close();
      expect(socket.twice).toBe(4);
    },
  },
  {
    number: '1.17',
    text: 'a function as URL is converted to a string like anything else',
    run({ WebSocket, url }) {
      const named = Object.assign(() => 'ftp://host/', { toString: () => url('/echo') });
      const socket = new WebSocket(named as unknown as string);
      socket.close();
      expect(socket.url).toBe(url('/echo'));
    },
  },
];
