// The constants of the interface.
export const CONNECTING = 0;
export const OPEN = 1;
export const CLOSING = 2;
export const CLOSED = 3;

/** The types of a WebSocket's events; each has an attribute `on…`. */
export type EventType = 'open' | 'error' | 'close' | 'message';

/** An EventTarget with the types of a WebSocket's events, and what a class of the interface gets at its end. */
export type Base = Pick<
  WebSocket,
  | 'CONNECTING'
  | 'OPEN'
  | 'CLOSING'
  | 'CLOSED'
  | `on${EventType}`
  | 'addEventListener'
  | 'removeEventListener'
  | 'dispatchEvent'
>;
export const Base: new () => Base = EventTarget as unknown as new () => Base;
