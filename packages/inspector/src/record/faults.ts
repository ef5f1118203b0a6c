/** What is wrong with the network on purpose. It holds for every WebSocket of the tapped environment. */
export interface FaultState {
  /** New connections fail. */
  readonly isRefusing: boolean;
  /** A black hole: nothing goes through, either way, and nobody is told. What waits goes on when it ends. */
  readonly isSilent: boolean;
  /** How much later everything comes, each way, milliseconds. */
  readonly delayMs: number;
  /** The browser says that there is no network, and there is none. */
  readonly isOffline: boolean;
}

export const NO_FAULTS: FaultState = { isRefusing: false, isSilent: false, delayMs: 0, isOffline: false };

/** Faults at the push of a button, made inside the tap. */
export class Faults {
  #state: FaultState = NO_FAULTS;
  readonly #onChange: (before: FaultState, after: FaultState) => void;
  readonly #onCut: () => void;

  constructor(onChange: (before: FaultState, after: FaultState) => void, onCut: () => void) {
    this.#onChange = onChange;
    this.#onCut = onCut;
  }

  get state(): FaultState {
    return this.#state;
  }

  get isActive(): boolean {
    const { isRefusing, isSilent, delayMs, isOffline } = this.#state;
    return isRefusing || isSilent || isOffline || delayMs > 0;
  }

  /** Ends every open connection, as a lost network does: without a close frame. */
  cut(): void {
    this.#onCut();
  }

  set(change: Partial<FaultState>): void {
    const before = this.#state;
    this.#state = { ...before, ...change };
    this.#onChange(before, this.#state);
  }

  /** The network is whole again. */
  heal(): void {
    this.set(NO_FAULTS);
  }
}
