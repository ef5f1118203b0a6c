/**
 * `@holdfast/core/pings`: the pings of some protocols, for servers that don't speak Holdfast's. Socket.IO needs none here:
 * its server pings by itself, and its client answers.
 */
export type { Ping } from './machines/ping.ts';
export { graphqlPing, mqttPing, phoenixPing, stompPing } from './socket/pings.ts';
