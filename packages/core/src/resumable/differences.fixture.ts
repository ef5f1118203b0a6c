/** Where the resumable class is not as the standard says, and why. docs/resumable.md prints this list. */
export const DIFFERENCES: readonly { readonly number: string; readonly what: string; readonly why: string }[] = [
  {
    number: '2.10',
    what: 'Its name is ResumableWebSocket.',
    why: 'A stack trace and a heap snapshot should tell the two apart; the string tag is WebSocket.',
  },
  {
    number: '2.12',
    what: "An instance is no instance of the browser's own class.",
    why: 'A class that extended it would open a connection of its own for each instance; check `readyState` or the tag.',
  },
  {
    number: '2.15',
    what: '`extensions` is empty.',
    why: 'Those of its connections come and go with them, and change nothing for a library.',
  },
  {
    number: '4.21',
    what: 'A connection that breaks the WebSocket protocol is no event.',
    why: 'It is lost as others are: the session goes on with the next one.',
  },
  {
    number: '4.23',
    what: 'A first handshake that is not answered ends after `reconnect.connectTimeoutMs` with `error` and `close`, code 1006.',
    why: 'Browsers wait for minutes, and a library that reconnects by itself waits with them.',
  },
  {
    number: '5.14',
    what: '`isTrusted` is false.',
    why: 'Only a browser makes trusted events, and those have its own socket as their target.',
  },
  {
    number: '5.15',
    what: 'Microtasks of one listener run after the last listener of the same event.',
    why: 'The event is dispatched by script, so that its target is this object; a browser would come between.',
  },
];
