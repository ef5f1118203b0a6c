/** `@holdfast/core/diagnose`: why a WebSocket can't be opened, as far as a browser lets a page see. */
export { diagnose } from './environment/diagnose.ts';
export type { DiagnoseEnvironment, DiagnoseOptions, TrialSocket } from './environment/diagnose.ts';
export type { Diagnosis, DiagnosisCause } from './environment/diagnosis.ts';
