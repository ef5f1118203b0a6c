import { expect } from 'vitest';
import { aTask, next, reported, type Requirement } from './requirement.fixture.ts';

export const eventRequirements: readonly Requirement[] = [
  {
    number: '5.1',
    text: 'open is a plain Event that neither bubbles nor can be cancelled; target, currentTarget and this are the socket',
    async run({ create }) {
      const socket = create('/echo');
      const told: unknown[] = [];
      socket.addEventListener('open', function listener(event) {
        told.push(this, event.target, event.currentTarget, event.composedPath()[0], event.eventPhase);
      });
      const event = await next(socket, 'open');
      expect(Object.getPrototypeOf(event)).toBe(Event.prototype);
      expect(event).toMatchObject({ type: 'open', bubbles: false, cancelable: false, composed: false });
      expect(told).toEqual([socket, socket, socket, socket, 2]);
    },
  },
  {
    number: '5.2',
    text: 'message is a MessageEvent with data and the origin of the URL; source null, no ports, no id',
    async run({ create, url }) {
      const event = await next(create('/greet'), 'message');
      expect(Object.getPrototypeOf(event)).toBe(MessageEvent.prototype);
      expect(event).toMatchObject({
        type: 'message',
        data: 'hello',
        origin: new URL(url('/')).origin,
        lastEventId: '',
        source: null,
        ports: [],
        bubbles: false,
        cancelable: false,
      });
    },
  },
  {
    number: '5.3',
    text: 'close is a CloseEvent that neither bubbles nor can be cancelled',
    async run({ create }) {
      const event = await next(create('/close?code=4001'), 'close');
      expect(Object.getPrototypeOf(event)).toBe(CloseEvent.prototype);
      expect(event).toMatchObject({ type: 'close', code: 4001, bubbles: false, cancelable: false });
    },
  },
  {
    number: '5.4',
    text: 'error is a plain Event, no ErrorEvent',
    async run({ create }) {
      const event = await next(create('/refuse'), 'error');
      expect(Object.getPrototypeOf(event)).toBe(Event.prototype);
      expect(event).toMatchObject({ type: 'error', bubbles: false, cancelable: false });
    },
  },
  {
    number: '5.5',
    text: 'binary messages are Blobs by default, and ArrayBuffers with binaryType arraybuffer',
    async run({ open }) {
      const socket = await open();
      const echo = async (): Promise<unknown> => {
        const answer = next(socket, 'message');
        socket.send(new Uint8Array([7, 8]));
        return (await answer).data;
      };
      const blob = await echo();
      expect(blob).toBeInstanceOf(Blob);
      expect([...new Uint8Array(await (blob as Blob).arrayBuffer())]).toEqual([7, 8]);
      socket.binaryType = 'arraybuffer';
      const buffer = await echo();
      expect(buffer).toBeInstanceOf(ArrayBuffer);
      expect([...new Uint8Array(buffer as ArrayBuffer)]).toEqual([7, 8]);
      socket.binaryType = 'blob';
      expect(await echo()).toBeInstanceOf(Blob);
    },
  },
  {
    number: '5.6',
    text: 'binaryType set before the handshake is in force for the first message',
    async run({ create }) {
      const socket = create('/greet');
      socket.binaryType = 'arraybuffer';
      await next(socket, 'message');
      expect((await next(socket, 'message')).data).toBeInstanceOf(ArrayBuffer);
    },
  },
  {
    number: '5.7',
    text: 'the events come in order: open, messages, close; readyState is OPEN in open and message',
    async run({ create }) {
      const socket = create('/greet-and-close');
      const told: string[] = [];
      for (const type of ['close', 'message', 'error', 'open']) {
        socket.addEventListener(type, () => told.push(`${type} ${socket.readyState}`));
      }
      await next(socket, 'close');
      expect(told).toEqual(['open 1', 'message 1', 'close 3']);
    },
  },
  {
    number: '5.8',
    text: 'nothing is fired after close',
    async run({ create }) {
      const socket = create('/greet-and-close');
      await next(socket, 'close');
      const told: string[] = [];
      for (const type of ['close', 'message', 'error', 'open']) socket.addEventListener(type, () => told.push(type));
      await aTask(100);
      expect(told).toEqual([]);
    },
  },
  {
    number: '5.9',
    text: 'a listener that throws is reported to window.onerror, and the others still hear',
    async run({ create }) {
      const socket = create('/greet');
      const failure = new Error('in a handler');
      const other = new Error('in a listener');
      let heard = 0;
      socket.onmessage = () => {
        throw failure;
      };
      socket.addEventListener('message', () => {
        throw other;
      });
      socket.addEventListener('message', () => {
        heard += 1;
      });
      const errors = await reported(async () => {
        while (heard < 2) await aTask(5);
      });
      expect(errors).toEqual([failure, other, failure, other]);
    },
  },
  {
    number: '5.10',
    text: 'a listener that throws in open or close disturbs nothing',
    async run({ create }) {
      const socket = create('/greet-and-close');
      const told: string[] = [];
      const errors = await reported(async () => {
        socket.onopen = () => {
          throw new Error('open');
        };
        socket.onmessage = () => told.push('message');
        socket.onclose = () => {
          throw new Error('close');
        };
        await next(socket, 'close');
      });
      expect(told).toEqual(['message']);
      expect(errors.map((error) => (error as Error).message)).toEqual(['open', 'close']);
    },
  },
  {
    number: '5.11',
    text: 'stopImmediatePropagation keeps an event from later listeners',
    async run({ create }) {
      const socket = create('/greet');
      let heard = 0;
      socket.addEventListener('message', (event) => event.stopImmediatePropagation(), { once: true });
      socket.onmessage = () => {
        heard += 1;
      };
      await next(socket, 'open');
      while (heard === 0) await aTask(5);
      await aTask(20);
      expect(heard).toBe(1);
    },
  },
  {
    number: '5.12',
    text: 'a message that is sent in the listener of open is sent',
    async run({ create }) {
      const socket = create('/echo');
      socket.onopen = () => socket.send('first');
      expect((await next(socket, 'message')).data).toBe('first');
    },
  },
  {
    number: '5.13',
    text: 'an event can be dispatched by script and reaches the listeners',
    run({ create }) {
      const socket = create('/echo');
      const told: unknown[] = [];
      socket.onmessage = ({ data }) => told.push(data);
      expect(socket.dispatchEvent(new MessageEvent('message', { data: 'own' }))).toBe(true);
      socket.addEventListener('custom', ({ type }) => told.push(type));
      socket.dispatchEvent(new Event('custom'));
      expect(told).toEqual(['own', 'custom']);
    },
  },
  {
    number: '5.14',
    text: 'every event is trusted',
    async run({ create }) {
      expect((await next(create('/echo'), 'open')).isTrusted).toBe(true);
    },
  },
  {
    number: '5.15',
    text: 'microtasks of one listener run before the next listener of the same event',
    async run({ create }) {
      const socket = create('/echo');
      const told: string[] = [];
      socket.addEventListener('open', () => {
        told.push('one');
        queueMicrotask(() => told.push('microtask'));
      });
      socket.addEventListener('open', () => told.push('two'));
      await next(socket, 'open');
      expect(told).toEqual(['one', 'microtask', 'two']);
    },
  },
  {
    number: '5.16',
    text: 'microtasks of an error listener run before close is fired',
    async run({ create }) {
      const socket = create('/refuse');
      const told: string[] = [];
      socket.onerror = () => queueMicrotask(() => told.push('microtask'));
      socket.onclose = () => told.push('close');
      await next(socket, 'close');
      expect(told).toEqual(['microtask', 'close']);
    },
  },
  {
    number: '5.17',
    text: 'each message has a task of its own',
    async run({ create }) {
      const socket = create('/greet');
      const told: string[] = [];
      socket.onmessage = () => {
        told.push('message');
        queueMicrotask(() => told.push('microtask'));
      };
      while (told.length < 4) await aTask(5);
      expect(told).toEqual(['message', 'microtask', 'message', 'microtask']);
    },
  },
];
