/** The state of a connection: that of a WebSocket, and UNINSTANTIATED where there is none yet. Numbers have their names, too. */
export const ReadyState = {
  UNINSTANTIATED: -1,
  CONNECTING: 0,
  OPEN: 1,
  CLOSING: 2,
  CLOSED: 3,
  [-1]: 'UNINSTANTIATED',
  0: 'CONNECTING',
  1: 'OPEN',
  2: 'CLOSING',
  3: 'CLOSED',
} as const;

export type ReadyState = -1 | 0 | 1 | 2 | 3;
