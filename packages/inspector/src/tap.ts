/** `@holdfast/inspector/tap`: what records, without the panel and without React. */
export { createInspector } from './record/inspector.ts';
export type { Inspector, InspectorOptions, Tappable } from './record/inspector.ts';
export type { Faults, FaultState } from './record/faults.ts';
export type { InspectableSocket } from './record/records.ts';
