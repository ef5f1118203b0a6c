'use client';

/**
 * `@holdfast/react/compat`: the interface of react-use-websocket 4 on Holdfast's connection, so that an app moves over by
 * changing the import. docs/moving-from-react-use-websocket.md tells what gets better and what differs.
 */
// The one default export of the house: it is what those who move over import.
// oxlint-disable-next-line import/no-default-export
export { useWebSocket as default, useWebSocket } from './compat/use-web-socket.ts';
export { ReadyState } from './compat/ready-state.ts';
export { resetGlobalState } from './compat/shared-socket.ts';
export type {
  HeartbeatOptions,
  Options,
  QueryParams,
  SendJsonMessage,
  SendMessage,
  WebSocketHook,
  WebSocketMessage,
} from './compat/types.ts';
