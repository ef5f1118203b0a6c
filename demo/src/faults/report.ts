/** What `/faults` answers: the state of the wire and of the server's process. */
export interface FaultsReport {
  readonly frozen: boolean;
  readonly refusing: boolean;
  readonly delayMs: number;
  /** Connections that the proxy holds, the dead ones that nobody has noticed yet among them. */
  readonly connections: number;
  /** Of these, how many lead nowhere since a change of network. */
  readonly stranded: number;
  /** Null while the server is down. */
  readonly serverPid: number | null;
  readonly restarts: number;
  /** Whether the server is asking its clients to move to other connections. */
  readonly isDraining: boolean;
}
