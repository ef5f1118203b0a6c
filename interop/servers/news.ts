/** Texts for whoever listens at the moment. */
export class News {
  readonly #readers = new Set<(text: string) => void>();

  publish(text: string): void {
    for (const tell of [...this.#readers]) tell(text);
  }

  /** All that is published from now on, until the reader returns or the signal aborts. */
  async *read(signal?: AbortSignal): AsyncGenerator<string, void> {
    const waiting: string[] = [];
    let wake = (): void => {};
    const tell = (text: string): void => {
      waiting.push(text);
      wake();
    };
    const stop = (): void => wake();
    this.#readers.add(tell);
    signal?.addEventListener('abort', stop);
    try {
      while (signal?.aborted !== true) {
        const text = waiting.shift();
        if (text === undefined) await new Promise<void>((resolve) => (wake = resolve));
        else yield text;
      }
    } finally {
      this.#readers.delete(tell);
      signal?.removeEventListener('abort', stop);
    }
  }
}
