import { CLOSED, CLOSING, CONNECTING, type EventType, OPEN } from './base.ts';

/** The event handler attributes of a WebSocket that were ever set. */
export type EventHandlers = { [Type in EventType]?: EventHandler };

/** An event handler of HTML: it keeps its place among the listeners until it is set to what is no object. */
class EventHandler {
  value: unknown = null;

  handleEvent(event: Event): void {
    const { value } = this;
    if (typeof value === 'function' && value.call(event.currentTarget, event) === false) event.preventDefault();
  }
}

/**
 * Gives a class the shape of the interface WebSocket of Web IDL: the attributes `on…`, members that can be enumerated, the
 * constants on class and prototype, where nobody can change them. `handlersOf` throws a TypeError on what is none of its
 * instances.
 */
export function asWebSocket(
  made: { readonly prototype: object },
  handlersOf: (socket: EventTarget) => EventHandlers,
): void {
  const { prototype } = made;
  const members: PropertyDescriptorMap = Object.getOwnPropertyDescriptors(prototype);
  for (const type of ['open', 'error', 'close', 'message'] as const) {
    const attribute: object & ThisType<EventTarget> = {
      get [`on${type}`]() {
        return handlersOf(this)[type]?.value ?? null;
      },
      set [`on${type}`](value: unknown) {
        const handler = (handlersOf(this)[type] ??= new EventHandler());
        const isHandler = Object(value) === value;
        handler.value = isHandler ? value : null;
        // One that listens already stays where it is.
        if (isHandler) this.addEventListener(type, handler);
        else this.removeEventListener(type, handler);
      },
    };
    Object.assign(members, Object.getOwnPropertyDescriptors(attribute));
  }
  for (const [name, member] of Object.entries(members)) member.enumerable = name !== 'constructor';
  members[Symbol.toStringTag] = { value: 'WebSocket', configurable: true };
  Object.defineProperties(prototype, members);
  for (const [name, value] of Object.entries({ CONNECTING, OPEN, CLOSING, CLOSED })) {
    for (const target of [made, prototype]) Object.defineProperty(target, name, { value, enumerable: true });
  }
}
