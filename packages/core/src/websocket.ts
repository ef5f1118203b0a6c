/** `@holdfast/core/websocket`: a WebSocket for any code that takes one, which reconnects. Importing it touches no global but EventTarget. */
export type { Ping } from './machines/ping.ts';
export { HoldfastWebSocket } from './websocket/holdfast-websocket.ts';
export type { WebSocketState } from './websocket/holdfast-websocket.ts';
export type { HoldfastWebSocketOptions, ProtocolsSource, UrlSource } from './websocket/options.ts';
