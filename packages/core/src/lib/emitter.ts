/** Listeners by event type. A listener that throws is reported, and the others still hear. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<{ listener: (event: never) => void }>>();
  readonly #onFault: (fault: unknown, type: keyof Events) => void;

  constructor(onFault: (fault: unknown, type: keyof Events) => void) {
    this.#onFault = onFault;
  }

  /** Adds a listener and returns the function that removes it. The same function added twice is heard twice. */
  on<Type extends keyof Events>(type: Type, listener: (event: Events[Type]) => void): () => void {
    const entry = { listener: listener as (event: never) => void };
    const set = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, set);
    set.add(entry);
    return () => void set.delete(entry);
  }

  emit<Type extends keyof Events>(type: Type, event: Events[Type]): void {
    const set = this.#listeners.get(type);
    if (set === undefined || set.size === 0) return;
    for (const entry of [...set]) {
      // Removed by a listener before it: who has stopped listening hears nothing more.
      if (!set.has(entry)) continue;
      try {
        const result = (entry.listener as (event: Events[Type]) => unknown)(event);
        // An async function is a listener, too: what it rejects with is what it threw.
        if (isThenable(result)) result.then(undefined, (fault) => this.#onFault(fault, type));
      } catch (fault) {
        this.#onFault(fault, type);
      }
    }
  }

  count(type: keyof Events): number {
    return this.#listeners.get(type)?.size ?? 0;
  }

  clear(): void {
    for (const set of this.#listeners.values()) set.clear();
    this.#listeners.clear();
  }
}

function isThenable(value: unknown): value is { then(ok: undefined, fail: (fault: unknown) => void): unknown } {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
