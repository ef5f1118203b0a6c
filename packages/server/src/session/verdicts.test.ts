import { readFileSync } from 'node:fs';
import { decodeClientMessage } from '@holdfast/core/protocol';
import { describe, expect, test } from 'vitest';
import { World } from './engine.fixture.ts';

interface Vector {
  readonly name: string;
  readonly from: 'client' | 'server';
  readonly data: string | { readonly binary: string };
  readonly ok: boolean;
  readonly limits?: { readonly messageBytes: number; readonly producers: number };
  readonly closeCode?: number;
}

const vectors = (
  JSON.parse(
    readFileSync(new URL('../../../../docs/protocol-vectors.json', import.meta.url), 'utf8'),
  ) as readonly Vector[]
).filter(({ from }) => from === 'client');

const toMessage = (data: Vector['data']): unknown =>
  typeof data === 'string' ? data : Buffer.from(data.binary, 'base64');

describe('the vectors of the protocol', () => {
  test.each(vectors.filter(({ ok }) => !ok))('$name: said, closed, and nothing taken', async (vector) => {
    const world = new World(vector.limits === undefined ? {} : { limits: vector.limits });
    const connection = await world.join({ producers: [['p', 1, 2, 0]] });
    connection.raw(toMessage(vector.data));
    await world.settle();
    expect(connection.closedWith?.code).toBe(vector.closeCode);
    expect(connection.ofKind('error')).toHaveLength(1);
    expect(world.runs).toEqual([]);
  });

  test.each(vectors.filter(({ ok }) => ok))('$name: read', async (vector) => {
    const world = new World(vector.limits === undefined ? {} : { limits: vector.limits });
    const connection = await world.join({ producers: [['p', 1, 2, 0]] });
    connection.raw(toMessage(vector.data));
    await world.settle();
    // It may still break a rule of the conversation, but no fault of the frame itself is found.
    expect(
      connection
        .ofKind('error')
        .map(({ error }) => error.message)
        .join(),
    ).not.toMatch(/frame \d|must be|is not JSON/);
  });
});

test('whatever is sent, the engine closes exactly where the decoder finds a fault', async () => {
  let seed = 20_261_122;
  const below = (most: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % most;
  };
  const parts = [
    '[',
    ']',
    '{',
    '}',
    '"',
    ',',
    '"m"',
    '"a"',
    '"p"',
    '"q"',
    '"s"',
    '"fin"',
    '0',
    '1',
    '-1',
    '1e9',
    'null',
    '__proto__',
    '\n',
  ];
  const lawful = ['["p",1]', '["q",2]', '["fin","x"]', '["a",0]', '["error",{"code":"X","message":"y"}]'];
  let faults = 0;
  for (let round = 0; round < 1_500; round += 1) {
    let text = lawful[below(lawful.length)] as string;
    for (let change = below(3); change > 0; change -= 1) {
      const at = below(text.length + 1);
      text = text.slice(0, at) + (parts[below(parts.length)] as string) + text.slice(at + below(3));
    }
    const decoded = decodeClientMessage(text, { messageBytes: 262_144, producers: 256 });
    const world = new World();
    const connection = await world.join({ producers: [] });
    connection.raw(text);
    await world.settle();
    if (decoded.ok) continue;
    faults += 1;
    expect([text, connection.closedWith?.code]).toEqual([text, decoded.fault.closeCode]);
  }
  expect(faults).toBeGreaterThan(200);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});
