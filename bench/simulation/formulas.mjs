/**
 * When each peer tries again, with its defaults, as its published source says. To be reviewed by those who know the
 * peer: one entry each, nothing of a peer's reconnecting stands anywhere else in the simulation.
 *
 * `delays(random)` is called once for each client, when it is made, and gives the function that says how long to wait
 * after the failure number `attempt` (1 for the loss of the connection itself): milliseconds, or null to give up.
 * `isRefusal`: the server closed the connection with 1013 right after the upgrade. Whether a peer counts such a
 * connection as a success, and starts over, is said where its source does so.
 *
 * @typedef {(attempt: number, isRefusal: boolean) => number | null} Delays
 * @type {readonly { name: string, source: string, says: string, delays: (random: () => number) => Delays }[]}
 */
export const formulas = [
  {
    name: 'socket.io',
    source: 'socket.io-client 4.8.4, contrib/backo2.js',
    says: '1 s x 2^n, +-50 %, then at most 5 s',
    delays: (random) => (attempt) => {
      const base = 1_000 * 2 ** (attempt - 1);
      const draw = random();
      const deviation = Math.floor(draw * 0.5 * base);
      return Math.trunc(Math.min(5_000, (Math.floor(draw * 10) & 1) === 0 ? base - deviation : base + deviation));
    },
  },
  {
    name: 'reconnecting-websocket',
    source: 'reconnecting-websocket 4.4.0, DEFAULT and _getNextDelay',
    says: '1-5 s (drawn once a page) x 1.3^n, at most 10 s',
    delays: (random) => {
      const least = 1_000 + random() * 4_000;
      return (attempt) => Math.min(10_000, least * 1.3 ** (attempt - 1));
    },
  },
  {
    name: 'partysocket',
    source: 'partysocket 1.3.0, DEFAULT and _getNextDelay',
    says: '3 s x 1.3^n, at most 10 s',
    delays: () => (attempt) => Math.min(10_000, 3_000 * 1.3 ** (attempt - 1)),
  },
  {
    name: 'rews',
    source: '@nktkas/rews 4.1.0, reconnectionDelay',
    says: '150 ms x 2^n, at most 10 s, half of it drawn',
    delays: (random) => (attempt) => {
      const delay = Math.min(10_000, 150 * 2 ** (attempt - 1));
      return delay / 2 + random() * (delay / 2);
    },
  },
  {
    name: 'centrifuge',
    source: 'centrifuge 5.8.0, backoff',
    says: '0.5 s + a draw from 0 to 0.5 s x 2^n (at most 20 s), at most 20 s',
    delays: (random) => (attempt) => {
      const most = Math.min(20_000, 500 * 2 ** Math.min(attempt - 1, 31));
      return Math.min(20_000, 500 + Math.floor(random() * (most + 1)));
    },
  },
  {
    name: 'graphql-ws',
    source: 'graphql-ws 6.4.2, randomisedExponentialBackoff',
    says: '1 s x 2^n + 0.3-3 s, 5 retries (with shouldRetry: () => true; without, the first one that fails is the last)',
    delays: (random) => (attempt) =>
      attempt > 5 ? null : 2 ** (attempt - 1) * 1_000 + Math.floor(random() * 2_700 + 300),
  },
  {
    name: 'Ably',
    source: 'ably 2.28.0, getRetryTime and notifyState',
    says: 'at once, then 15 s x min((n + 2) / 3, 2), x 0.8-1',
    delays: (random) => (attempt) =>
      attempt === 1 ? 0 : 15_000 * Math.min((attempt - 1 + 2) / 3, 2) * (1 - random() * 0.2),
  },
  {
    name: 'Liveblocks',
    source: '@liveblocks/core 3.24.2, BACKOFF_DELAYS and BACKOFF_DELAYS_SLOW',
    says: '0.25, 0.5, 1, 2, 4, 8, 10 s; after 1013: the next longer of 2, 30, 60, 300 s',
    delays: () => {
      let last = 249;
      const next = (/** @type {readonly number[]} */ list) => list.find((delay) => delay > last) ?? list.at(-1) ?? 0;
      return (_attempt, isRefusal) =>
        (last = next(isRefusal ? [2_000, 30_000, 60_000, 300_000] : [250, 500, 1_000, 2_000, 4_000, 8_000, 10_000]));
    },
  },
  {
    name: 'SignalR',
    source: '@microsoft/signalr 10.0.11, DefaultReconnectPolicy',
    says: '0, 2, 10, 30 s, then gives up',
    delays: () => (attempt) => [0, 2_000, 10_000, 30_000][attempt - 1] ?? null,
  },
];
