export const STATES = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 } as const;

/** The types of a WebSocket's events; each has an attribute `on…`. */
export const EVENT_TYPES = ['open', 'error', 'close', 'message'] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** An EventTarget with the types of a WebSocket's events, and what a class of the interface gets at its end. */
export type Base = Pick<
  WebSocket,
  keyof typeof STATES | `on${EventType}` | 'addEventListener' | 'removeEventListener' | 'dispatchEvent'
>;
export const Base: new () => Base = EventTarget as unknown as new () => Base;
