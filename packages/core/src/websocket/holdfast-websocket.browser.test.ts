import { describe, expect, it } from 'vitest';
import { DIFFERENCES } from './differences.fixture.ts';
import { HoldfastWebSocket } from './holdfast-websocket.ts';
import type { HoldfastWebSocketOptions } from './options.ts';
import { requirements, run } from './requirement-runner.fixture.ts';
import type { WebSocketClass } from './requirement.fixture.ts';

// Every requirement runs against the browser's own class and against ours, in the same page and with the same server.

/** Ours as a library that reconnects by itself is given it, with its own name and prototype. */
function ours(options: HoldfastWebSocketOptions = {}): WebSocketClass {
  return new Proxy(HoldfastWebSocket, {
    construct: (target, [...given], newTarget) =>
      Reflect.construct(
        target,
        given.length === 0 ? [] : [given[0], given[1], { reconnect: false, ...options }],
        newTarget,
      ) as object,
  });
}

describe.each([...requirements])('$number $text', (requirement) => {
  const difference = DIFFERENCES.find(({ number }) => number === requirement.number);

  it("holds for the browser's own class", () => run(requirement, WebSocket, 'native'));

  // The only one that waits for a deadline of ours, which is 10 s by default.
  const options = requirement.number === '4.23' ? { connectionTimeout: 300 } : {};
  if (difference === undefined) it('holds for ours', () => run(requirement, ours(), 'ours'));
  else
    it('is different with ours', () => expect(run(requirement, ours(options), 'ours')).rejects.toBeInstanceOf(Error));
});

it('numbers every requirement once, and every difference is one of them', () => {
  const numbers = requirements.map(({ number }) => number);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(DIFFERENCES.filter(({ number }) => !numbers.includes(number))).toEqual([]);
});
