import { describe, expect, inject, it } from 'vitest';
import { DIFFERENCES } from './differences.fixture.ts';
import { dropInFor } from './drop-in.fixture.ts';
import { onServer, requirements, run } from './requirement-runner.fixture.ts';

// Every requirement runs against the browser's own class and against ours, in the same page and with the same server.
// browsers/ runs the same table in Firefox and WebKitGTK.

const server = inject('webSocketServer');

describe.each([...requirements])('$number $text', (requirement) => {
  const difference = DIFFERENCES.find(({ number }) => number === requirement.number);
  const ours = (): Promise<void> => run(requirement, onServer(dropInFor(requirement), server), 'ours');

  it("holds for the browser's own class", () => run(requirement, onServer(WebSocket, server), 'native'));

  if (difference === undefined) it('holds for ours', ours);
  else it('is different with ours', () => expect(ours()).rejects.toBeInstanceOf(Error));
});

it('numbers every requirement once, and every difference is one of them', () => {
  const numbers = requirements.map(({ number }) => number);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(DIFFERENCES.filter(({ number }) => !numbers.includes(number))).toEqual([]);
});
