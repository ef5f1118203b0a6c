import { expect } from 'vitest';
import { nameOf, type Requirement } from './requirement.fixture.ts';

type Handler = (this: WebSocket, event: Event) => unknown;

function fire(socket: WebSocket, options: EventInit = {}): Event {
  const event = new Event('open', options);
  socket.dispatchEvent(event);
  return event;
}

export const listenerRequirements: readonly Requirement[] = [
  {
    number: '6.1',
    text: 'the same listener is registered once, its capturing twin apart',
    run({ create }) {
      const socket = create('/echo');
      let calls = 0;
      const listener = (): void => void (calls += 1);
      socket.addEventListener('open', listener);
      socket.addEventListener('open', listener);
      socket.addEventListener('open', listener, { passive: true });
      fire(socket);
      expect(calls).toBe(1);
      socket.addEventListener('open', listener, true);
      fire(socket);
      expect(calls).toBe(3);
    },
  },
  {
    number: '6.2',
    text: 'once removes the listener before its first call',
    run({ create }) {
      const socket = create('/echo');
      let calls = 0;
      socket.addEventListener(
        'open',
        () => {
          calls += 1;
          if (calls === 1) fire(socket);
        },
        { once: true },
      );
      fire(socket);
      fire(socket);
      expect(calls).toBe(1);
    },
  },
  {
    number: '6.3',
    text: 'a capturing listener hears, too',
    run({ create }) {
      const socket = create('/echo');
      const told: string[] = [];
      socket.addEventListener('open', () => told.push('bubble'));
      socket.addEventListener('open', () => told.push('capture'), { capture: true });
      fire(socket);
      expect(told.sort()).toEqual(['bubble', 'capture']);
    },
  },
  {
    number: '6.4',
    text: 'a passive listener can not prevent the default',
    run({ create }) {
      const socket = create('/echo');
      socket.addEventListener('open', (event) => event.preventDefault(), { passive: true });
      expect(fire(socket, { cancelable: true }).defaultPrevented).toBe(false);
      socket.addEventListener('open', (event) => event.preventDefault());
      expect(fire(socket, { cancelable: true }).defaultPrevented).toBe(true);
    },
  },
  {
    number: '6.5',
    text: 'a signal removes the listener, and one that was aborted before adds none',
    run({ create }) {
      const socket = create('/echo');
      let calls = 0;
      const controller = new AbortController();
      socket.addEventListener('open', () => void (calls += 1), { signal: controller.signal });
      fire(socket);
      controller.abort();
      fire(socket);
      socket.addEventListener('open', () => void (calls += 1), { signal: controller.signal });
      fire(socket);
      expect(calls).toBe(1);
    },
  },
  {
    number: '6.6',
    text: 'a listener may be an object with handleEvent, looked up at each event; null is none',
    run({ create }) {
      const socket = create('/echo');
      const told: unknown[] = [];
      const listener = {
        handleEvent(event: Event) {
          told.push(this, event.type);
        },
      };
      socket.addEventListener('open', listener);
      socket.addEventListener('open', null as unknown as Handler);
      fire(socket);
      listener.handleEvent = () => told.push('other');
      fire(socket);
      expect(told).toEqual([listener, 'open', 'other']);
      expect(nameOf(() => socket.addEventListener('open', 'text' as unknown as Handler))).toBe('TypeError');
    },
  },
  {
    number: '6.7',
    text: 'removeEventListener takes away one, capture told apart; during an event, too',
    run({ create }) {
      const socket = create('/echo');
      const told: string[] = [];
      const later = (): void => void told.push('later');
      socket.addEventListener('open', () => socket.removeEventListener('open', later), { once: true });
      socket.addEventListener('open', later);
      fire(socket);
      expect(told).toEqual([]);
      socket.addEventListener('open', later);
      socket.removeEventListener('open', later, true);
      fire(socket);
      expect(told).toEqual(['later']);
    },
  },
  {
    number: '6.8',
    text: 'a listener that is added during an event does not hear that event',
    run({ create }) {
      const socket = create('/echo');
      let calls = 0;
      socket.addEventListener('open', () => socket.addEventListener('open', () => void (calls += 1)), { once: true });
      fire(socket);
      expect(calls).toBe(0);
      fire(socket);
      expect(calls).toBe(1);
    },
  },
  {
    number: '6.9',
    text: 'event handler attributes are null at first and give back the function that was set',
    run({ create }) {
      const socket = create('/echo');
      for (const name of ['onopen', 'onerror', 'onclose', 'onmessage'] as const) {
        expect(socket[name]).toBeNull();
        const handler = (): void => {};
        socket[name] = handler;
        expect(socket[name]).toBe(handler);
        socket[name] = null;
        expect(socket[name]).toBeNull();
      }
    },
  },
  {
    number: '6.10',
    text: 'a value that is no object becomes null; an object is kept and does nothing',
    run({ create }) {
      const socket = create('/echo');
      for (const value of [undefined, 1, 'text', true, Symbol('x')]) {
        socket.onopen = () => {};
        socket.onopen = value as unknown as null;
        expect(socket.onopen).toBeNull();
      }
      let calls = 0;
      const object = { handleEvent: () => void (calls += 1) };
      socket.onopen = object as unknown as null;
      expect(socket.onopen).toBe(object);
      fire(socket);
      expect(calls).toBe(0);
    },
  },
  {
    number: '6.11',
    text: 'a handler keeps the place of its first setting when it is replaced',
    run({ create }) {
      const socket = create('/echo');
      const told: string[] = [];
      socket.addEventListener('open', () => told.push('one'));
      socket.onopen = () => told.push('handler');
      socket.addEventListener('open', () => told.push('two'));
      socket.onopen = () => told.push('other handler');
      fire(socket);
      expect(told).toEqual(['one', 'other handler', 'two']);
    },
  },
  {
    number: '6.12',
    text: 'a handler that was set to null and set again goes to the end',
    run({ create }) {
      const socket = create('/echo');
      const told: string[] = [];
      socket.onopen = () => told.push('handler');
      socket.addEventListener('open', () => told.push('listener'));
      socket.onopen = null;
      socket.onopen = () => told.push('handler');
      fire(socket);
      expect(told).toEqual(['listener', 'handler']);
    },
  },
  {
    number: '6.13',
    text: "a handler's this is the socket; its return value false cancels a cancelable event",
    run({ create }) {
      const socket = create('/echo');
      const selves: unknown[] = [];
      socket.onopen = function handler(this: WebSocket) {
        selves.push(this);
        return false;
      } as Handler;
      expect(fire(socket, { cancelable: true }).defaultPrevented).toBe(true);
      expect(selves).toEqual([socket]);
      socket.onopen = (() => 0) as Handler;
      expect(fire(socket, { cancelable: true }).defaultPrevented).toBe(false);
    },
  },
  {
    number: '6.14',
    text: 'a handler and a listener with the same function are two',
    run({ create }) {
      const socket = create('/echo');
      let calls = 0;
      const both = (): void => void (calls += 1);
      socket.onopen = both;
      socket.addEventListener('open', both);
      fire(socket);
      expect(calls).toBe(2);
      socket.removeEventListener('open', both);
      fire(socket);
      expect(calls).toBe(3);
    },
  },
  {
    number: '6.15',
    text: 'a handler that takes itself away does not hear the next event',
    run({ create }) {
      const socket = create('/echo');
      let calls = 0;
      socket.onopen = () => {
        calls += 1;
        socket.onopen = null;
      };
      fire(socket);
      fire(socket);
      expect(calls).toBe(1);
    },
  },
];
