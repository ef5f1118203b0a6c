/** `@holdfast/server/ws`: the `WebSocketServer` of the `ws` package, whose connections survive their sockets. */
export { WebSocketServer } from './ws/web-socket-server.ts';
export { Forbidden, Unauthorized } from './session/errors.ts';
export type * from './ws/types.ts';
