/** The types of a WebSocket's events; each has an attribute `on…`. */
export const EVENT_TYPES = ['open', 'error', 'close', 'message'] as const;
export type EventType = (typeof EVENT_TYPES)[number];

interface Handler {
  value: unknown;
  readonly listener: (event: Event) => void;
}

/** The event handler attributes of HTML: one keeps its place among the listeners until it is set to what is no object. */
export class EventHandlers {
  readonly #target: EventTarget;
  readonly #handlers: { [Type in EventType]?: Handler | undefined } = {};

  constructor(target: EventTarget) {
    this.#target = target;
  }

  get(type: EventType): unknown {
    return this.#handlers[type]?.value ?? null;
  }

  set(type: EventType, value: unknown): void {
    const target = this.#target;
    const known = this.#handlers[type];
    if (Object(value) !== value) {
      if (known !== undefined) target.removeEventListener(type, known.listener);
      this.#handlers[type] = undefined;
    } else if (known !== undefined) {
      known.value = value;
    } else {
      const handler: Handler = {
        value,
        listener: (event) => {
          const { value: run } = handler;
          if (typeof run === 'function' && run.call(target, event) === false) event.preventDefault();
        },
      };
      this.#handlers[type] = handler;
      target.addEventListener(type, handler.listener);
    }
  }
}

/** Gives a class the attributes `on…`. `handlersOf` throws a TypeError on what is none of its instances. */
export function defineHandlers(
  made: { readonly prototype: object },
  handlersOf: (socket: object) => EventHandlers,
): void {
  for (const type of EVENT_TYPES) {
    const handler = {
      get [`on${type}`](): unknown {
        return handlersOf(this).get(type);
      },
      set [`on${type}`](value: unknown) {
        handlersOf(this).set(type, value);
      },
    };
    Object.defineProperties(made.prototype, Object.getOwnPropertyDescriptors(handler));
  }
}
