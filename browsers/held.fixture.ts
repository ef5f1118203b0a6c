/** What a suite holds, given back in reverse order even where taking the rest of it failed. */
export class Held {
  readonly #things: (Disposable | AsyncDisposable)[] = [];

  use<Thing extends Disposable | AsyncDisposable>(thing: Thing): Thing {
    this.#things.push(thing);
    return thing;
  }

  /** Gives everything back; throws the first failure at the end. */
  async release(): Promise<void> {
    const failures: unknown[] = [];
    for (const thing of this.#things.splice(0).reverse()) {
      try {
        if (Symbol.asyncDispose in thing) await thing[Symbol.asyncDispose]();
        else thing[Symbol.dispose]();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
