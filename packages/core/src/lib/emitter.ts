interface Listener {
  /** Null: it was removed. */
  hear: ((event: never) => unknown) | null;
}

/** Listeners by event type. A listener that throws is reported, and the others still hear. */
export class Emitter<Events extends object> {
  /** A list is replaced and never changed: an emission goes on with those that it began with, and copies nothing. */
  readonly #lists = new Map<keyof Events, readonly Listener[]>();
  readonly #onFault: (fault: unknown, type: keyof Events) => void;

  constructor(onFault: (fault: unknown, type: keyof Events) => void) {
    this.#onFault = onFault;
  }

  /** Adds a listener and returns the function that removes it. The same function added twice is heard twice. */
  on<Type extends keyof Events>(type: Type, listener: (event: Events[Type]) => void): () => void {
    const entry: Listener = { hear: listener };
    this.#lists.set(type, [...this.#of(type), entry]);
    return () => {
      entry.hear = null;
      this.#lists.set(
        type,
        this.#of(type).filter((other) => other !== entry),
      );
    };
  }

  emit<Type extends keyof Events>(type: Type, event: Events[Type]): void {
    for (const entry of this.#of(type)) {
      try {
        const result = entry.hear?.(event as never) as PromiseLike<unknown> | null | undefined;
        // An async function is a listener, too: what it rejects with is what it threw.
        result?.then?.(undefined, (fault: unknown) => this.#onFault(fault, type));
      } catch (fault) {
        this.#onFault(fault, type);
      }
    }
  }

  count(type: keyof Events): number {
    return this.#of(type).length;
  }

  clear(): void {
    for (const list of this.#lists.values()) for (const entry of list) entry.hear = null;
    this.#lists.clear();
  }

  #of(type: keyof Events): readonly Listener[] {
    return this.#lists.get(type) ?? [];
  }
}
