/**
 * `@holdfast/core/resumable`: a WebSocket for any library, whose session outlives its connections. The server needs
 * `@holdfast/server/ws`. Importing it touches no global but EventTarget.
 */
export { ResumableWebSocket } from './resumable/resumable-websocket.ts';
export type { ResumableWebSocketOptions } from './resumable/options.ts';
