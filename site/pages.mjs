/**
 * The pages of the site, in the order of the sidebar: [route, file in the repository, title in the sidebar]. What lies in
 * docs/ reads on a Git host, too; every link between these files becomes a link between pages.
 *
 * @type {readonly { readonly text: string, readonly pages: readonly (readonly [string, string, string])[] }[]}
 */
export const groups = [
  {
    text: 'Start',
    pages: [
      ['getting-started', 'docs/getting-started.md', 'Getting started'],
      ['guarantees', 'docs/guarantees.md', 'What is guaranteed'],
      ['react', 'docs/react.md', 'React'],
      ['inspector', 'docs/inspector.md', 'Inspector'],
      ['testing', 'docs/testing.md', 'Testing your app'],
      ['demo', 'demo/README.md', 'The demo'],
    ],
  },
  {
    text: 'Reliability',
    pages: [
      ['sending', 'docs/sending.md', 'Sending'],
      ['storage', 'docs/storage.md', 'What is stored'],
      ['exactly-once', 'docs/exactly-once.md', 'Exactly once, in your database'],
      ['send-to-a-user', 'docs/send-to-a-user.md', 'Sending to a user'],
      ['connection', 'docs/connection.md', 'The connection'],
      ['authentication', 'docs/authentication.md', 'Authentication'],
    ],
  },
  {
    text: 'In place of a WebSocket',
    pages: [
      ['websocket', 'docs/websocket.md', 'The drop-in class'],
      ['resumable', 'docs/resumable.md', 'The resumable WebSocket'],
      ['plain', 'docs/plain.md', 'Plain servers'],
    ],
  },
  {
    text: 'Moving over',
    pages: [
      [
        'moving-from-reconnecting-websocket',
        'docs/moving-from-reconnecting-websocket.md',
        'From reconnecting-websocket',
      ],
      ['moving-from-partysocket', 'docs/moving-from-partysocket.md', 'From partysocket'],
      ['moving-from-socket-io', 'docs/moving-from-socket-io.md', 'From Socket.IO'],
      ['moving-from-react-use-websocket', 'docs/moving-from-react-use-websocket.md', 'From react-use-websocket'],
      ['moving-from-ws', 'docs/moving-from-ws.md', 'From ws'],
    ],
  },
  {
    text: 'In production',
    pages: [
      ['deploying', 'docs/deploying.md', 'Deploying'],
      ['errors', 'docs/errors.md', 'Errors'],
      ['security', 'SECURITY.md', 'Security'],
      ['changelog', 'CHANGELOG.md', 'Changelog'],
    ],
  },
  {
    text: 'Inside',
    pages: [
      ['protocol', 'docs/protocol.md', 'The wire protocol'],
      ['architecture', 'ARCHITECTURE.md', 'The house'],
      ['machines', 'packages/core/src/machines/SPEC.md', 'The machines'],
      ['benchmarks', 'bench/README.md', 'Benchmarks'],
      ['contributing', 'CONTRIBUTING.md', 'Contributing'],
    ],
  },
];

/** Pages whose tables need the whole width: they have no outline. */
export const wide = ['errors', 'protocol', 'machines'];

/**
 * Pages that others link to, and no sidebar has.
 *
 * @type {readonly (readonly [string, string, string])[]}
 */
export const unlisted = [
  ['packages/core', 'packages/core/README.md', '@holdfast/core'],
  ['packages/react', 'packages/react/README.md', '@holdfast/react'],
  ['packages/server', 'packages/server/README.md', '@holdfast/server'],
  ['packages/inspector', 'packages/inspector/README.md', '@holdfast/inspector'],
];
