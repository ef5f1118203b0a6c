import { encode, openControl, type Json } from '@holdfast/core/protocol';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { WebSocket } from 'ws';

/** A client of a session, frame by frame. */
export class SessionClient {
  readonly id: string;
  readonly socket: WebSocket;
  readonly #frames: Json[][] = [];
  #wake = (): void => {};

  constructor(url: string, headers: { readonly [name: string]: string } = {}, id: string = randomUUID()) {
    this.id = id;
    this.socket = new WebSocket(url, 'holdfast.v1', { headers });
    this.socket.on('message', (data: Buffer) => {
      for (const line of data.toString().split('\n')) this.#frames.push(JSON.parse(line) as Json[]);
      this.#wake();
    });
    this.socket.on('error', () => {});
  }

  /** Begins a session, or goes on with that of a welcome. Gives the new welcome. */
  async hello(token?: string, from?: Json): Promise<{ readonly resumed: boolean; readonly [name: string]: Json }> {
    await once(this.socket, 'open');
    const { session, key, epoch } = (from ?? {}) as { [name: string]: Json };
    this.#send([
      'hello',
      {
        v: 1,
        client: this.id,
        n: from === undefined ? 1 : 2,
        producers: [['p', 1, 1, 0]],
        ...(from !== undefined && { session: session ?? '', key: key ?? '', epoch: epoch ?? '', received: 0 }),
        ...(token !== undefined && { auth: token }),
      },
    ]);
    return (await this.next('welcome'))[1] as { readonly resumed: boolean };
  }

  /** What a library's opening says. Gives the answer. */
  async open(...protocols: string[]): Promise<Json> {
    this.payload(1, openControl(protocols));
    const answer = (await this.next('m'))[2] as Json;
    await this.next('a');
    return answer;
  }

  payload(seq: number, payload: Json): void {
    this.socket.send(encode.message(0, seq, JSON.stringify(payload)));
  }

  /** The next frame of a kind; others are passed over. */
  async next(kind: string): Promise<Json[]> {
    for (;;) {
      for (let frame = this.#frames.shift(); frame !== undefined; frame = this.#frames.shift()) {
        if (frame[0] === kind) return frame;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #send(frame: Json): void {
    this.socket.send(JSON.stringify(frame));
  }
}
