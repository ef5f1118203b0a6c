import { expect } from 'vitest';
import { aTask, nameOf, next, type Requirement, thrownBy } from './requirement.fixture.ts';

export const closeRequirements: readonly Requirement[] = [
  {
    number: '4.1',
    text: 'a code other than 1000 and 3000 to 4999 throws an InvalidAccessError, which is a DOMException, in every state',
    async run({ create }) {
      const socket = create('/echo');
      const check = (): void => {
        for (const code of [0, 1, 999, 1001, 1005, 1006, 1015, 2999, 5000, 65_535, -1, Number.NaN, null, 'x', {}]) {
          const error = thrownBy(() => socket.close(code as number));
          expect(error).toBeInstanceOf(DOMException);
          expect((error as DOMException).name).toBe('InvalidAccessError');
        }
      };
      check();
      expect(socket.readyState).toBe(0);
      await next(socket, 'open');
      check();
      expect(socket.readyState).toBe(1);
      socket.close();
      check();
      await next(socket, 'close');
      check();
    },
  },
  {
    number: '4.2',
    text: 'the code is converted as [Clamp] unsigned short: to a number, into the range, never round it',
    async run({ open, seen }) {
      const given = ['3005', { valueOf: () => 3006 }, [3007], 1000.25];
      const codes: (number | null)[] = [];
      for (const [index, code] of given.entries()) {
        const socket = await open(`/echo?id=clamp-${index}`);
        socket.close(code as number);
        await next(socket, 'close');
        codes.push((await seen(`clamp-${index}`)).code);
      }
      expect(codes).toEqual([3005, 3006, 3007, 1000]);
      const socket = await open();
      for (const code of [65_536 + 3000, -64_536]) {
        expect(nameOf(() => socket.close(code))).toBe('InvalidAccessError');
      }
      expect(nameOf(() => socket.close(Symbol('x') as unknown as number))).toBe('TypeError');
      expect(nameOf(() => socket.close(3000n as unknown as number))).toBe('TypeError');
    },
  },
  {
    number: '4.3',
    text: 'a reason above 123 bytes of UTF-8 throws a SyntaxError, in every state, and closes nothing',
    async run({ open }) {
      const socket = await open();
      for (const reason of ['x'.repeat(124), 'é'.repeat(62), '\ud800'.repeat(42)]) {
        const error = thrownBy(() => socket.close(1000, reason));
        expect(error).toBeInstanceOf(DOMException);
        expect((error as DOMException).name).toBe('SyntaxError');
      }
      expect(socket.readyState).toBe(1);
      socket.close(1000, 'x'.repeat(123));
      await next(socket, 'close');
      expect(nameOf(() => socket.close(1000, 'x'.repeat(124)))).toBe('SyntaxError');
    },
  },
  {
    number: '4.4',
    text: 'the code is checked before the reason',
    async run({ open }) {
      const socket = await open();
      expect(nameOf(() => socket.close(1, 'x'.repeat(124)))).toBe('InvalidAccessError');
    },
  },
  {
    number: '4.5',
    text: 'the reason is converted to a string; lone surrogates become U+FFFD',
    async run({ open, seen }) {
      const reasons: (string | null)[] = [];
      for (const [index, reason] of ['a\ud800', null, 5, { toString: () => 'own' }].entries()) {
        const socket = await open(`/echo?id=reason-${index}`);
        socket.close(3000, reason as string);
        await next(socket, 'close');
        reasons.push((await seen(`reason-${index}`)).reason);
      }
      expect(reasons).toEqual(['a\ufffd', 'null', '5', 'own']);
      const socket = await open();
      expect(nameOf(() => socket.close(3000, Symbol('x') as unknown as string))).toBe('TypeError');
    },
  },
  {
    number: '4.6',
    text: 'close without arguments sends no code: the server sees 1005, and so does the close event, which is clean',
    async run({ open, seen }) {
      const socket = await open('/echo?id=bare');
      socket.close();
      const { code, reason, wasClean } = await next(socket, 'close');
      expect([code, reason, wasClean]).toEqual([1005, '', true]);
      expect(await seen('bare')).toMatchObject({ code: 1005, reason: '' });
    },
  },
  {
    number: '4.7',
    text: 'undefined counts as left out',
    async run({ open, seen }) {
      const socket = await open('/echo?id=undefined');
      socket.close(undefined, undefined);
      await next(socket, 'close');
      expect(await seen('undefined')).toMatchObject({ code: 1005 });
    },
  },
  {
    number: '4.8',
    text: 'code and reason reach the server, and the close event has what the server answered',
    async run({ open, seen }) {
      const socket = await open('/echo?id=full');
      socket.close(3210, 'göne');
      const { code, reason, wasClean } = await next(socket, 'close');
      expect([code, reason, wasClean]).toEqual([3210, 'göne', true]);
      expect(await seen('full')).toMatchObject({ code: 3210, reason: 'göne' });
    },
  },
  {
    number: '4.9',
    text: 'readyState is CLOSING right after close, CLOSED in the close event; no error is fired',
    async run({ open }) {
      const socket = await open();
      const told: string[] = [];
      socket.onerror = () => told.push('error');
      socket.onclose = () => told.push(`close ${socket.readyState}`);
      socket.close();
      expect(socket.readyState).toBe(2);
      expect(told).toEqual([]);
      await next(socket, 'close');
      expect(told).toEqual(['close 3']);
    },
  },
  {
    number: '4.10',
    text: 'close while CONNECTING: CLOSING at once, then error and close 1006, not clean, and never open',
    async run({ create }) {
      const socket = create('/echo');
      const told: string[] = [];
      socket.onopen = () => told.push('open');
      socket.onerror = () => told.push(`error ${socket.readyState}`);
      socket.onclose = ({ code, reason, wasClean }) =>
        told.push(`close ${socket.readyState} ${code} '${reason}' ${wasClean}`);
      socket.close(3000, 'why');
      expect([socket.readyState, ...told]).toEqual([2]);
      await next(socket, 'close');
      await aTask(50);
      expect(told).toEqual(['error 3', "close 3 1006 '' false"]);
    },
  },
  {
    number: '4.11',
    text: 'close while CONNECTING to a server that never answers ends at once, too',
    async run({ create }) {
      const socket = create('/mute');
      await aTask(50);
      socket.close();
      expect((await next(socket, 'close')).code).toBe(1006);
    },
  },
  {
    number: '4.12',
    text: 'close in CLOSING and CLOSED does nothing',
    async run({ open, seen }) {
      const socket = await open('/echo?id=twice');
      let closes = 0;
      socket.onclose = () => {
        closes += 1;
      };
      socket.close(3001);
      socket.close(3002);
      await next(socket, 'close');
      socket.close(3003);
      expect(socket.readyState).toBe(3);
      await aTask(20);
      expect(closes).toBe(1);
      expect((await seen('twice')).code).toBe(3001);
    },
  },
  {
    number: '4.13',
    text: 'what was sent before close is delivered',
    async run({ open, seen }) {
      const socket = await open('/echo?id=before');
      socket.send('first');
      socket.send(new TextEncoder().encode('second'));
      socket.close();
      await next(socket, 'close');
      expect((await seen('before')).texts).toEqual(['first', 'second']);
    },
  },
  {
    number: '4.14',
    text: 'messages that come after close was called are not delivered',
    async run({ open }) {
      const socket = await open('/flood');
      const messages: unknown[] = [];
      socket.onmessage = ({ data }) => {
        messages.push(data);
        socket.close();
      };
      socket.send('go');
      await next(socket, 'close');
      expect(messages).toEqual(['0']);
    },
  },
  {
    number: '4.15',
    text: 'close in the listener of open is a clean close',
    async run({ create }) {
      const socket = create('/echo');
      socket.onopen = () => socket.close(3000);
      const { code, wasClean } = await next(socket, 'close');
      expect([code, wasClean]).toEqual([3000, true]);
    },
  },
  {
    number: '4.16',
    text: 'close returns undefined',
    async run({ open }) {
      expect((await open()).close()).toBeUndefined();
    },
  },
  {
    number: '4.17',
    text: "the server's code and reason arrive in a clean close, without error",
    async run({ create }) {
      const told: unknown[] = [];
      for (const code of [1000, 1001, 1008, 1011, 4401]) {
        const socket = create(`/close?code=${code}&reason=because`);
        socket.onerror = () => told.push('error');
        const event = await next(socket, 'close');
        told.push([event.code, event.reason, event.wasClean, socket.readyState]);
      }
      expect(told).toEqual([1000, 1001, 1008, 1011, 4401].map((code) => [code, 'because', true, 3]));
    },
  },
  {
    number: '4.18',
    text: 'a connection that is cut ends with 1006, not clean, and no error',
    async run({ open }) {
      const socket = await open('/cut');
      const told: string[] = [];
      socket.onerror = () => told.push('error');
      socket.send('now');
      const { code, reason, wasClean } = await next(socket, 'close');
      expect([code, reason, wasClean]).toEqual([1006, '', false]);
      expect(told).toEqual([]);
    },
  },
  {
    number: '4.19',
    text: 'a refused handshake: error and then close 1006, both in CLOSED, and no open',
    async run({ create }) {
      const socket = create('/refuse');
      const told: string[] = [];
      for (const type of ['open', 'error', 'close']) {
        socket.addEventListener(type, () => told.push(`${type} ${socket.readyState}`));
      }
      const { code, reason, wasClean } = await next(socket, 'close');
      expect([code, reason, wasClean]).toEqual([1006, '', false]);
      expect(told).toEqual(['error 3', 'close 3']);
    },
  },
  {
    number: '4.20',
    text: 'nobody listens there: error and then close 1006',
    async run({ WebSocket, url }) {
      const nowhere = new URL(url('/echo'));
      // The server is at an address of IPv4 alone.
      nowhere.hostname = '[::1]';
      const socket = new WebSocket(nowhere.href);
      const told: string[] = [];
      socket.onerror = () => told.push('error');
      expect((await next(socket, 'close')).code).toBe(1006);
      expect(told).toEqual(['error']);
    },
  },
  {
    number: '4.21',
    text: 'a server that breaks the protocol: error and then close 1006, not clean',
    async run({ create }) {
      const socket = create('/garbage');
      const told: string[] = [];
      socket.onerror = () => told.push('error');
      const { code, wasClean } = await next(socket, 'close');
      expect([code, wasClean, ...told]).toEqual([1006, false, 'error']);
    },
  },
  {
    number: '4.22',
    text: 'a closing handshake that the server never answers keeps it in CLOSING',
    async run({ open }) {
      const socket = await open('/deaf');
      let isClosed = false;
      socket.onclose = () => {
        isClosed = true;
      };
      socket.close();
      await aTask(3_000);
      expect([socket.readyState, isClosed]).toEqual([2, false]);
    },
  },
  {
    number: '4.23',
    text: 'a handshake that is not answered goes on as long as the browser lets it',
    async run({ create }) {
      const socket = create('/mute');
      await aTask(1_000);
      expect(socket.readyState).toBe(0);
    },
  },
  {
    number: '4.24',
    text: 'a port that browsers block: error and then close 1006, at once',
    async run({ WebSocket }) {
      const socket = new WebSocket('ws://127.0.0.1:1/');
      const told: unknown[] = [];
      socket.onerror = () => told.push('error');
      socket.onclose = ({ code, wasClean }) => told.push(code, wasClean);
      await next(socket, 'error');
      await aTask(50);
      expect([socket.readyState, ...told]).toEqual([3, 'error', 1006, false]);
    },
  },
  {
    number: '4.25',
    text: 'the codes 1012 to 1014, which were registered after RFC 6455, arrive as others do',
    async run({ create }) {
      const told: unknown[] = [];
      for (const code of [1012, 1013, 1014]) {
        const socket = create(`/close?code=${code}&reason=because`);
        socket.onerror = () => told.push('error');
        const event = await next(socket, 'close');
        told.push([event.code, event.reason, event.wasClean]);
      }
      expect(told).toEqual([1012, 1013, 1014].map((code) => [code, 'because', true]));
    },
  },
  {
    number: '4.26',
    text: 'a Blob that was sent before close is delivered',
    async run({ open, seen }) {
      const socket = await open('/echo?id=blob');
      socket.send(new Blob(['first']));
      socket.send('second');
      socket.close();
      await next(socket, 'close');
      expect((await seen('blob')).texts).toEqual(['first', 'second']);
    },
  },
];
