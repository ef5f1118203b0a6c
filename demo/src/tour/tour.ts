import type { Drawing, PilotView } from '../board/drawing.ts';
import type { Records } from '../conversation/records.ts';
import type { Outgoing } from '../conversation/sent-messages.ts';
import type { Faults } from '../faults/faults-store.ts';
import { createFrameStore, type FrameStore } from '../lib/frame-store.ts';
import { LANES, type LaneName } from '../messages.ts';
import { STEPS } from './steps.ts';

export interface TourView {
  /** The step from 0; null: no tour runs. */
  readonly step: number | null;
  readonly title: string;
  readonly text: string;
}

interface TourOptions {
  readonly drawing: Drawing;
  readonly faults: Faults;
  readonly records: Records;
  readonly outgoing: Outgoing;
}

const IDLE: TourView = { step: null, title: '', text: '' };
const PER_SECOND = 40;

export type Losses = { readonly [lane in LaneName]: { readonly lost: number; readonly due: number } };

/** Breaks things by itself, one after the other, and says what is to be seen. */
export class Tour {
  readonly store: FrameStore<TourView>;
  readonly #options: TourOptions;
  #view = IDLE;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pilotBefore: PilotView | null = null;

  constructor(options: TourOptions) {
    this.#options = options;
    this.store = createFrameStore(() => this.#view, 0);
  }

  start(): void {
    if (this.#view.step !== null) return;
    const { drawing } = this.#options;
    this.#pilotBefore = drawing.pilot.getSnapshot();
    drawing.setPilot({ isOn: true, perSecond: PER_SECOND });
    this.#repair();
    this.#enter(0);
  }

  /** Repairs what it has broken, wherever it is. */
  stop(): void {
    if (this.#view.step === null) return;
    clearTimeout(this.#timer);
    this.#repair();
    if (this.#pilotBefore !== null) this.#options.drawing.setPilot(this.#pilotBefore);
    this.#show(IDLE);
  }

  #enter(index: number): void {
    const step = STEPS[index];
    if (step === undefined) return this.stop();
    for (const fault of step.faults) this.#options.faults.apply(fault);
    const text = typeof step.text === 'string' ? step.text : step.text(this.#losses());
    this.#show({ step: index, title: step.title, text });
    this.#timer = setTimeout(() => this.#enter(index + 1), step.lastsMs);
  }

  #repair(): void {
    const { apply } = this.#options.faults;
    apply({ name: 'thaw' });
    apply({ name: 'delay', delayMs: 0 });
    apply({ name: 'refuse', refusing: false });
  }

  /** What the server's record says now. */
  #losses(): Losses {
    const { records, outgoing } = this.#options;
    const of = (lane: LaneName): Losses[LaneName] => {
      const record = records.own?.[lane];
      const lost = record?.missing ?? 0;
      const arrived = record === undefined ? 0 : record.received - record.doubled;
      return { lost, due: outgoing.run.last - arrived - lost };
    };
    const [holdfast, reconnecting, plain] = LANES.map(of) as [Losses['plain'], Losses['plain'], Losses['plain']];
    return { holdfast, reconnecting, plain };
  }

  #show(view: TourView): void {
    this.#view = view;
    this.store.invalidate();
  }
}
