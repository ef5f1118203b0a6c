import { expect, it } from 'vitest';
import { TakenMessages, type Sender } from './taken-messages.ts';

function aSender(): Sender & { told: string[] } {
  const told: string[] = [];
  return {
    told,
    acknowledge: (seq) => void told.push(`a ${seq}`),
    refuse: (seq, { code, message }) => void told.push(`r ${seq} ${code} ${message}`),
  };
}

/** A handler that ends when the test says so. */
function aHandler(): { run: () => Promise<void>; end: () => void; runs: () => number } {
  let runs = 0;
  let end = (): void => {};
  const promise = new Promise<void>((resolve) => {
    end = resolve;
  });
  return {
    run: () => {
      runs += 1;
      return promise;
    },
    end,
    runs: () => runs,
  };
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

it('runs one after the other, and acknowledges in order', async () => {
  const messages = new TakenMessages();
  const [sender, first, second] = [aSender(), aHandler(), aHandler()];
  expect(await messages.claim(['p', 1, 3, 0], sender)).toEqual([0, []]);
  messages.add(sender, 1, first.run);
  messages.add(sender, 2, second.run);
  await turn();
  expect([first.runs(), second.runs(), sender.told]).toEqual([1, 0, []]);
  first.end();
  await turn();
  expect([second.runs(), sender.told]).toEqual([1, ['a 1']]);
  second.end();
  await turn();
  messages.add(sender, 5);
  await turn();
  expect(sender.told).toEqual(['a 1', 'a 2', 'a 5']);
});

it('waits for what runs when another connection claims it, and discards what has not started', async () => {
  const messages = new TakenMessages();
  const [old, next, first, second] = [aSender(), aSender(), aHandler(), aHandler()];
  await messages.claim(['p', 1, 3, 0], old);
  messages.add(old, 1, first.run);
  messages.add(old, 2, second.run);
  await turn();
  let answer: unknown = null;
  void messages.claim(['p', 1, 3, 2], next).then((taken) => {
    answer = taken;
  });
  await turn();
  expect(answer).toBe(null);
  first.end();
  await turn();
  expect(answer).toEqual([1, []]);
  messages.add(old, 2, second.run);
  await turn();
  expect(second.runs()).toBe(0);
  messages.add(next, 2, second.run);
  second.end();
  await turn();
  expect([second.runs(), next.told]).toEqual([1, ['a 2']]);
});

it('remembers refusals for the next claim, as long as the client has not settled them', async () => {
  const messages = new TakenMessages();
  const sender = aSender();
  await messages.claim(['p', 1, 1, 0], sender);
  messages.add(sender, 1, () => Promise.reject(new Error('no')));
  messages.add(sender, 2, () =>
    Promise.reject(Object.assign(new Error('later'), { code: 'LATER', details: { ms: 5 } })),
  );
  messages.add(sender, 3, () => Promise.reject(Object.assign(new Error('odd'), { code: 7, details: null })));
  await turn();
  expect(sender.told).toEqual(['r 1 REFUSED no', 'a 1', 'r 2 LATER later', 'a 2', 'r 3 REFUSED odd', 'a 3']);
  expect(await messages.claim(['p', 2, 4, 3], aSender())).toEqual([
    3,
    [
      [2, { code: 'LATER', message: 'later', details: { ms: 5 } }],
      [3, { code: 'REFUSED', message: 'odd' }],
    ],
  ]);
  // A claim that was long on its way knows of less.
  expect((await messages.claim(['p', 1, 9, 3], aSender()))?.[0]).toBe(3);
  expect(await messages.claim(['p', 9, 9, 3], aSender())).toEqual([8, []]);
});
