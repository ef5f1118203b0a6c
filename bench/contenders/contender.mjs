/**
 * What a bench needs of a library: one connection to `ws://host`, at the path where the bench's server speaks its language.
 *
 * @typedef {object} Contender
 * @property {string} name
 * @property {string} settings every option that is not a default, and what is worth knowing about the defaults
 * @property {boolean} [reconnects] default true
 * @property {(host: string, on: Listener) => Link} connect
 *
 * @typedef {object} Listener
 * @property {() => void} open messages flow; called again after every reconnect
 * @property {(text: string) => void} message
 * @property {() => void} gaveUp it will not open again by itself
 *
 * @typedef {object} Link
 * @property {(text: string) => void} send
 * @property {() => void} close for good
 * @property {Promise<void>} [settled] resolves when the connection is what it will be, where it changes after open
 */

/**
 * All of them by file. `messages`, `outages`: whether the benches of that kind have it. `besides`: the one, of those before it,
 * that it is compared with, too.
 *
 * @type {readonly { file: string, name: string, library?: string, messages?: boolean, outages?: boolean, besides?: string }[]}
 */
export const contenders = [
  { file: 'native', name: 'native WebSocket', messages: true, outages: true },
  // The same once more: how far it is from itself is what the machine's noise does.
  { file: 'native', name: 'native once more', messages: true },
  { file: 'holdfast-class', name: 'HoldfastWebSocket', messages: true, outages: true },
  { file: 'holdfast-class-ping', name: 'HoldfastWebSocket + ping', outages: true },
  { file: 'holdfast-plain', name: 'createSocket plain text', messages: true, outages: true },
  { file: 'holdfast-plain-json', name: 'createSocket plain JSON', messages: true },
  { file: 'holdfast-plain-ping', name: 'createSocket plain + ping', outages: true },
  { file: 'holdfast', name: 'createSocket holdfast()', messages: true, outages: true },
  {
    file: 'holdfast-stored',
    name: 'createSocket holdfast(), indexedDB()',
    messages: true,
    besides: 'createSocket holdfast()',
  },
  {
    file: 'reconnecting-websocket',
    name: 'reconnecting-websocket',
    library: 'reconnecting-websocket',
    messages: true,
    outages: true,
  },
  { file: 'partysocket', name: 'partysocket', library: 'partysocket', messages: true, outages: true },
  { file: 'rews', name: 'rews', library: '@nktkas/rews', messages: true, outages: true },
  { file: 'socket-io', name: 'socket.io-client', library: 'socket.io-client', messages: true, outages: true },
  { file: 'centrifuge', name: 'centrifuge', library: 'centrifuge', messages: true, outages: true },
  // Every message is an operation there: nothing to compare with sending and receiving.
  { file: 'graphql-ws', name: 'graphql-ws', library: 'graphql-ws', outages: true },
];
