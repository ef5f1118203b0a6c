/** `@holdfast/inspector`: a panel that shows what a connection is doing. The panel itself is loaded when it is needed. */
export { HoldfastInspector } from './holdfast-inspector.tsx';
export type { Corner, HoldfastInspectorProps } from './holdfast-inspector.tsx';
export { createInspector } from './record/inspector.ts';
export type { Inspector, InspectorOptions, Tappable } from './record/inspector.ts';
export type { Faults, FaultState } from './record/faults.ts';
export type { InspectableSocket } from './record/records.ts';
