import { note } from './moments.ts';

// Put in place before the library is loaded: every WebSocket that the page makes is noted, with its way.
let count = 0;

globalThis.WebSocket = class extends WebSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    count += 1;
    const id = count;
    note('connect', id);
    super(url, protocols ?? []);
    this.addEventListener('open', () => note('opened', id));
    this.addEventListener('close', ({ code }) => note(`closed ${code}`, id));
  }
};
