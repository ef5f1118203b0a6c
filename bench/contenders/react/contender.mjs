/**
 * What the bench of React needs of a library: a provider of one connection to `url`, and a component that shows the messages of
 * one topic, which is what stands before the colon of a message. The component tells the bench when it renders, when it commits,
 * and which messages it holds then.
 *
 * @typedef {object} ReactContender
 * @property {string} name
 * @property {string} settings every option that is not a default, and how it is used
 * @property {(props: { url: string, children: import('react').ReactNode }) => import('react').ReactNode} Connection
 * @property {(props: { topic: string }) => import('react').ReactNode} Topic
 */

/**
 * All of them by file, in this folder.
 *
 * @type {readonly { file: string, name: string, library?: string }[]}
 */
export const reactContenders = [
  { file: 'react-use-websocket', name: 'react-use-websocket, filtered', library: 'react-use-websocket' },
  { file: 'react-use-websocket-unfiltered', name: 'react-use-websocket, unfiltered', library: 'react-use-websocket' },
  { file: 'partysocket', name: 'partysocket, useWebSocket', library: 'partysocket' },
  { file: 'by-hand', name: 'by hand, once a frame' },
  { file: 'holdfast', name: 'Holdfast, useMessages' },
];
