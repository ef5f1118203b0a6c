import { ResumableWebSocket } from '@holdfast/core/resumable';

/** As an app hands it to a library: the library never learns that there is more than one connection. */
export class Resumable extends ResumableWebSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols);
  }
}
