import { expect, test } from 'vitest';
import { summarize } from '../server/tally.ts';
import { RECENT_RANGES, type LaneName, type LaneRecords, type Range } from '../src/messages.ts';
import { Stretch } from '../src/tour/result.ts';

type Came = readonly Range[] | LaneRecords['plain'];

/** What the server says of lanes that brought these numbers. */
const records = (lanes: { readonly [lane in LaneName]: Came }): LaneRecords => {
  const of = (came: Came): LaneRecords['plain'] =>
    'recent' in came ? came : { ...summarize({ received: 0, doubled: 0, outOfOrder: 0, ranges: came }), recent: came };
  return { holdfast: of(lanes.holdfast), reconnecting: of(lanes.reconnecting), plain: of(lanes.plain) };
};

test('what was lost before the stretch is not its loss, though the server sees it only with its first message', () => {
  const stretch = new Stretch(100);
  // Ten of the plain lane are lost, and nothing later has come yet.
  stretch.learn(records({ holdfast: [[1, 100]], reconnecting: [[1, 100]], plain: [[1, 90]] }));
  const gap: Range[] = [
    [1, 90],
    [101, 101],
  ];
  stretch.learn(records({ holdfast: [[1, 101]], reconnecting: [[1, 101]], plain: gap }));
  const ranges: Range[] = [
    [1, 90],
    [101, 110],
    [118, 130],
  ];
  const plain = { ...summarize({ received: 115, doubled: 2, outOfOrder: 1, ranges }), recent: ranges };
  stretch.learn(records({ holdfast: [[1, 130]], reconnecting: [[1, 120]], plain }));
  expect(stretch.result(130)).toEqual({
    sent: 30,
    lanes: {
      holdfast: { lost: 0, doubled: 0, outOfOrder: 0, due: 0 },
      reconnecting: { lost: 0, doubled: 0, outOfOrder: 0, due: 10 },
      plain: { lost: 7, doubled: 2, outOfOrder: 1, due: 0 },
    },
  });
});

test('what comes after its end changes it no more, once a lane has brought that far', () => {
  const stretch = new Stretch(0);
  stretch.learn(records({ holdfast: [[1, 1]], reconnecting: [[1, 1]], plain: [[1, 1]] }));
  stretch.end(10);
  stretch.learn(
    records({
      holdfast: [[1, 10]],
      reconnecting: [[1, 4]],
      plain: [
        [1, 5],
        [9, 12],
      ],
    }),
  );
  expect(stretch.result(12).lanes.reconnecting.due).toBe(6);
  stretch.learn(
    records({
      holdfast: [[1, 50]],
      reconnecting: [
        [1, 7],
        [10, 10],
      ],
      plain: [
        [1, 5],
        [36, 50],
      ],
    }),
  );
  expect(stretch.result(50)).toEqual({
    sent: 10,
    lanes: {
      holdfast: { lost: 0, doubled: 0, outOfOrder: 0, due: 0 },
      reconnecting: { lost: 2, doubled: 0, outOfOrder: 0, due: 0 },
      plain: { lost: 3, doubled: 0, outOfOrder: 0, due: 0 },
    },
  });
});

test('a lane that brought nothing of it owes all of it', () => {
  const stretch = new Stretch(5);
  stretch.learn(
    records({
      holdfast: [[1, 9]],
      reconnecting: [
        [1, 3],
        [5, 5],
      ],
      plain: [[1, 3]],
    }),
  );
  const { lanes } = stretch.result(9);
  expect(lanes.reconnecting).toEqual({ lost: 0, doubled: 0, outOfOrder: 0, due: 4 });
  expect(lanes.plain).toEqual(lanes.reconnecting);
});

test('what the first message of a lane shows to be lost of the stretch is its loss', () => {
  const stretch = new Stretch(100);
  // The lane was dead when the stretch began, and comes back in the middle of it.
  stretch.learn(records({ holdfast: [[1, 100]], reconnecting: [[1, 90]], plain: [[1, 90]] }));
  stretch.learn(
    records({
      holdfast: [[1, 430]],
      reconnecting: [
        [1, 90],
        [430, 430],
      ],
      plain: [
        [1, 90],
        [102, 102],
        [430, 430],
      ],
    }),
  );
  const { lanes } = stretch.result(430);
  expect([lanes.holdfast.lost, lanes.reconnecting.lost, lanes.plain.lost]).toEqual([0, 329, 328]);
});

test('of what is missing below the ranges that were told nobody knows whether it was before', () => {
  const stretch = new Stretch(100);
  const ranges = Array.from({ length: RECENT_RANGES }, (_, index): Range => [200 + 2 * index, 200 + 2 * index]);
  const plain = { ...summarize({ received: 0, doubled: 0, outOfOrder: 0, ranges }), recent: ranges };
  stretch.learn(records({ holdfast: [[1, 300]], reconnecting: [[1, 300]], plain }));
  expect(stretch.result(300).lanes.plain.lost).toBe(RECENT_RANGES - 1);
});
