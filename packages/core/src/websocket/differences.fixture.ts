/** Where the drop-in with `reconnect: false` is not as the standard says, and why. docs/websocket.md prints this list. */
export const DIFFERENCES: readonly { readonly number: string; readonly what: string; readonly why: string }[] = [
  {
    number: '1.17',
    what: 'A function as URL, or as protocols, is called.',
    why: 'It can give another URL, with a fresh token, at every attempt; no code that works passes one to a browser.',
  },
  {
    number: '2.10',
    what: 'Its name is HoldfastWebSocket.',
    why: 'A stack trace and a heap snapshot should tell the two apart; the string tag is WebSocket.',
  },
  {
    number: '2.11',
    what: 'Its prototype has `reconnect` and `getState`, too.',
    why: 'They are what it is for; no standard member has those names.',
  },
  {
    number: '2.12',
    what: "An instance is no instance of the browser's own class.",
    why: 'A class that extended it would open a connection of its own for each instance; check `readyState` or the tag.',
  },
  {
    number: '4.22',
    what: 'A closing handshake that stands still for 2 s ends with `close`, code 1006, not clean.',
    why: 'On a dead link Chromium waits for 60 s and Firefox for 20 s. While bytes still flow out, it waits on.',
  },
  {
    number: '4.23',
    what: 'A handshake that is not answered ends after `connectionTimeout` with `error` and `close`, code 1006.',
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
    why: 'The event is dispatched again by script, so that its target is this object; a browser would come between.',
  },
];
