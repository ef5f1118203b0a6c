import { contender } from 'contender';

// What runs in a page: one library, called from outside by way of `globalThis.bench`.

const MESSAGE = 'x'.repeat(100);
const PING = 'p'.repeat(100);

/** @type {import('../contenders/contender.mjs').Link | undefined} */
let link;
/** @type {number[]} When it opened, by Date.now(), the clock that the bench has, too. */
let openings = [];
let hasGivenUp = false;
/** @type {(text: string) => void} */
let hear = () => {};

globalThis.bench = {
  settings: contender.settings,

  /** Resolves when messages flow. @param {string} host */
  async open(host) {
    openings = [];
    hasGivenUp = contender.reconnects === false;
    await new Promise((resolve) => {
      link = contender.connect(host, {
        open() {
          openings.push(Date.now());
          resolve(undefined);
        },
        message: (text) => hear(text),
        gaveUp: () => (hasGivenUp = true),
      });
    });
    await link?.settled;
  },

  close() {
    link?.close();
    link = undefined;
  },

  history: () => ({ openings, hasGivenUp }),

  /** @param {string} text */
  send: (text) => link?.send(text),

  /**
   * Sends `count` messages, `perTurn` of them in one turn of the event loop, and waits until the server has them all.
   *
   * @param {number} count @param {number} perTurn @returns {Promise<number>} milliseconds
   */
  sending(count, perTurn) {
    return new Promise((resolve, reject) => {
      const channel = new MessageChannel();
      let left = count;
      const startAt = performance.now();
      hear = (text) => {
        if (text === `done ${count}`) resolve(performance.now() - startAt);
        else reject(new Error(`the server says '${text}' after ${count} messages`));
      };
      channel.port1.onmessage = () => {
        for (let turn = Math.min(left, perTurn); turn > 0; turn -= 1) link?.send(MESSAGE);
        left -= perTurn;
        if (left > 0) channel.port2.postMessage(null);
        else link?.send('end');
      };
      channel.port2.postMessage(null);
    });
  },

  /** Has the server send `count` messages and waits until all are here. @param {number} count @returns {Promise<number>} milliseconds */
  receiving(count) {
    return new Promise((resolve, reject) => {
      let left = count;
      const startAt = performance.now();
      hear = (text) => {
        if (text.length !== MESSAGE.length) reject(new Error(`a message of ${text.length} characters`));
        left -= 1;
        if (left === 0) resolve(performance.now() - startAt);
      };
      link?.send(`flood ${count}`);
    });
  },

  /** Sends a message that comes back, again and again. @param {number} count @returns {Promise<number[]>} milliseconds each */
  pingPong(count) {
    return new Promise((resolve) => {
      /** @type {number[]} */
      const trips = [];
      let sentAt = performance.now();
      hear = () => {
        const now = performance.now();
        trips.push(now - sentAt);
        if (trips.length === count) {
          resolve(trips);
          return;
        }
        sentAt = performance.now();
        link?.send(PING);
      };
      link?.send(PING);
    });
  },
};
