/** The browser's own class, or the drop-in class. */
export type ClassName = 'native' | 'ours';

export interface BrowserDifference {
  readonly browser: 'Firefox' | 'WebKitGTK';
  readonly number: string;
  /** Ours is one of them where it can be no better than the browser. */
  readonly classes: readonly ClassName[];
  /** How the requirement fails: a browser that fails in another way is as much news as one that keeps it. */
  readonly fails: RegExp;
  readonly what: string;
  readonly why: string;
}

/** Where a browser's own class is not as the standard says. docs/websocket.md prints this list; browsers/ runs it. */
export const BROWSER_DIFFERENCES: readonly BrowserDifference[] = [
  {
    browser: 'Firefox',
    number: '1.6',
    classes: ['native', 'ours'],
    fails: /^expected 'ws:\/\/[\d.:]+\/x\?y' to be 'ws:\/\/[\d.:]+\/deep\/er\/x\?y'/,
    what: "A relative URL is resolved against the document's URL, whatever its `base` element says.",
    why: 'The browser gets the URL as it was given. Where a page has a `base`, give `new URL(path, document.baseURI)`.',
  },
  {
    browser: 'WebKitGTK',
    number: '3.13',
    classes: ['native', 'ours'],
    fails: /^expected 9 to be 3 /,
    what: 'What is sent after `close` counts in `bufferedAmount` with the 6 bytes of its frame.',
    why: "The count is the browser's.",
  },
  {
    browser: 'WebKitGTK',
    number: '4.24',
    classes: ['native'],
    fails: /^expected \[ 3, 'error' \] to deeply equal /,
    what: 'A port that browsers block is told by `error` alone: `close` never comes.',
    why: 'Ours fires it then.',
  },
  {
    browser: 'WebKitGTK',
    number: '4.25',
    classes: ['native', 'ours'],
    fails: /^expected \[ 'error', \[ 1006, '', false \]/,
    what: '1012, 1013 and 1014 arrive as `error` and `close` 1006, without the reason and what it says of a time to wait.',
    why: 'It takes the codes that RFC 6455 itself names, and those from 3000 on.',
  },
  {
    browser: 'WebKitGTK',
    number: '4.26',
    classes: ['native', 'ours'],
    fails: /^expected \[\] to deeply equal \[ 'first', 'second' \]/,
    what: '`close` drops a Blob that it has not read yet, and all that was sent after it.',
    why: "The sending is the browser's. Send bytes instead.",
  },
];
