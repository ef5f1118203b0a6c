/** Target for one WebSocket message, in characters. A frame above it travels alone. */
const BATCH_LENGTH = 16_384;

/** Joins the frames of one turn into as few WebSocket messages as possible. */
export class FrameBatch {
  readonly #write: (text: string) => void;
  #frames: string[] = [];
  #length = 0;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  push(frame: string): void {
    if (this.#frames.length > 0 && this.#length + frame.length > BATCH_LENGTH) this.flush();
    this.#frames.push(frame);
    this.#length += frame.length + 1;
  }

  flush(): void {
    if (this.#frames.length === 0) return;
    const text = this.#frames.join('\n');
    this.#frames = [];
    this.#length = 0;
    this.#write(text);
  }
}
