import type { Inspector } from '@holdfast/inspector/tap';
import type { Drawing, PilotView } from '../board/drawing.ts';
import type { Records } from '../conversation/records.ts';
import type { Outgoing } from '../conversation/sent-messages.ts';
import type { Faults } from '../faults/faults-store.ts';
import type { PageFaults } from '../faults/page-faults.ts';
import { createFrameStore, type FrameStore } from '../lib/frame-store.ts';
import { Stretch, type TourResult } from './result.ts';
import { STEPS } from './steps.ts';

export interface TourView {
  /** The step from 0; null: no tour runs. */
  readonly step: number | null;
  readonly title: string;
  readonly text: string;
  /** What the last tour has shown, until somebody closes it; null: nothing to show. */
  readonly result: TourResult | null;
}

interface TourOptions {
  readonly drawing: Drawing;
  readonly faults: Faults;
  readonly pageFaults: PageFaults;
  /** They make faults, too. */
  readonly inspectors: readonly Inspector[];
  readonly records: Records;
  readonly outgoing: Outgoing;
}

const IDLE: TourView = { step: null, title: '', text: '', result: null };
const PER_SECOND = 40;

/** Breaks things by itself, one after the other, says what is to be seen, and what came of it. */
export class Tour {
  readonly store: FrameStore<TourView>;
  readonly #options: TourOptions;
  #view = IDLE;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pilotBefore: PilotView | null = null;
  #stretch: Stretch | null = null;

  constructor(options: TourOptions) {
    this.#options = options;
    this.store = createFrameStore(() => this.#view, 0);
    options.records.onOwn((own) => {
      this.#stretch?.learn(own);
      if (this.#view.result !== null) this.#showResult();
    });
  }

  start(): void {
    if (this.#view.step !== null) return;
    const { drawing, outgoing } = this.#options;
    this.#stretch = new Stretch(outgoing.run.last);
    this.#pilotBefore = drawing.pilot.getSnapshot();
    drawing.setPilot({ isOn: true, perSecond: PER_SECOND });
    this.#repair();
    // What a change of network left dead says so only when it ends.
    const { report } = this.#options.faults.store.getSnapshot();
    if (report !== null && report.stranded > 0) this.#options.faults.apply({ name: 'cut' });
    this.#enter(0);
  }

  /** Ends it wherever it is, or closes what it has shown. */
  stop(): void {
    if (this.#view.step !== null) this.#leave();
    this.#stretch = null;
    this.#show(IDLE);
  }

  #enter(index: number): void {
    const step = STEPS[index];
    if (step === undefined) {
      this.#leave();
      this.#stretch?.end(this.#options.outgoing.run.last);
      return this.#showResult();
    }
    for (const fault of step.faults) this.#options.faults.apply(fault);
    this.#show({ step: index, title: step.title, text: step.text, result: null });
    this.#timer = setTimeout(() => this.#enter(index + 1), step.lastsMs);
  }

  /** Repairs what is broken, and gives the pen back as it was. */
  #leave(): void {
    clearTimeout(this.#timer);
    this.#repair();
    if (this.#pilotBefore !== null) this.#options.drawing.setPilot(this.#pilotBefore);
  }

  #showResult(): void {
    if (this.#stretch === null) return;
    const result = this.#stretch.result(this.#options.outgoing.run.last);
    this.#show({ step: null, title: 'What the server got', text: '', result });
  }

  /** Ends every fault that lasts, whoever made it: a lane is judged by what a step does, and by nothing before it. */
  #repair(): void {
    const { faults, pageFaults, inspectors } = this.#options;
    for (const inspector of inspectors) inspector.faults.heal();
    pageFaults.repair();
    const { apply } = faults;
    apply({ name: 'thaw' });
    apply({ name: 'delay', delayMs: 0 });
    apply({ name: 'refuse', refusing: false });
  }

  #show(view: TourView): void {
    this.#view = view;
    this.store.invalidate();
  }
}
