import { describe, expect, it } from 'vitest';
import { Dice } from '../testing-fakes/random.fixture.ts';
import { decodeServerMessage } from './decode.ts';
import { decodeClientMessage } from './decode-client.ts';
import type { ClientFrame, ServerFrame } from './frames.ts';
import { encodeBytes, encodeClient, encodeServer, Grammar } from './grammar.fixture.ts';
import { mutate } from './mutate.fixture.ts';

const limits = { messageBytes: 100_000, producers: 20 };

describe('decoding', () => {
  it.each([1, 2, 3])('gives back every lawful message as it was encoded (seed %i)', (seed) => {
    const dice = new Dice(seed);
    const grammar = new Grammar(dice);
    for (let round = 0; round < 2_000; round += 1) {
      const up = Array.from({ length: 1 + dice.below(3) }, () => grammar.client());
      expect(decodeClientMessage(up.map(encodeClient).join('\n'), limits)).toEqual({ ok: true, frames: up });
      const down = Array.from({ length: 1 + dice.below(3) }, () => grammar.server());
      expect(decodeServerMessage(down.map(encodeServer).join('\n'))).toEqual({ ok: true, frames: down });
    }
  });

  it.each([4, 5])('gives back every lawful message of bytes, however the bytes come (seed %i)', (seed) => {
    const dice = new Dice(seed);
    const grammar = new Grammar(dice);
    for (let round = 0; round < 1_000; round += 1) {
      const up = Array.from({ length: 1 + dice.below(3) }, () => grammar.clientBytes());
      const down = Array.from({ length: 1 + dice.below(3) }, () => grammar.serverBytes());
      const bytes = encodeBytes(up);
      expect(decodeClientMessage(bytes, limits)).toEqual({ ok: true, frames: up });
      // In the middle of a larger buffer, as Node gives it.
      const shared = Buffer.concat([Buffer.from([1, 2, 3]), bytes, Buffer.from([4])]);
      const decoded = decodeClientMessage(shared.subarray(3, 3 + bytes.length), limits);
      expect(decoded).toEqual({ ok: true, frames: up });
      expect(decodeServerMessage(encodeBytes(down).buffer)).toEqual({ ok: true, frames: down });
    }
  });

  it.each([21, 22, 23])('takes broken bytes or tells their fault, and never throws (seed %i)', (seed) => {
    const dice = new Dice(seed);
    const grammar = new Grammar(dice);
    const verdicts = { taken: 0, refused: 0 };
    for (let round = 0; round < 2_000; round += 1) {
      const isUp = dice.chance(0.5);
      const frames = Array.from({ length: 1 + dice.below(3) }, () =>
        isUp ? grammar.clientBytes() : grammar.serverBytes(),
      );
      const bytes = [...encodeBytes(frames)];
      for (let change = 1 + dice.below(3); change > 0; change -= 1) {
        bytes.splice(
          dice.below(Math.min(bytes.length + 1, 24)),
          dice.below(3),
          ...Array.from({ length: dice.below(3) }, () => dice.pick([0, 1, 2, 127, 128, 255])),
        );
      }
      const broken = Uint8Array.from(bytes);
      const decoded = isUp ? decodeClientMessage(broken, limits) : decodeServerMessage(broken);
      verdicts[decoded.ok ? 'taken' : 'refused'] += 1;
      if (!decoded.ok) {
        expect([1002, 1009]).toContain(decoded.fault.closeCode);
        expect(decoded.fault.message.length).toBeLessThanOrEqual(1_024);
        continue;
      }
      // What was taken is lawful, and all of it is there: no byte counts twice.
      const taken = decoded.frames as Parameters<typeof encodeBytes>[0];
      const again = isUp ? decodeClientMessage(encodeBytes(taken), limits) : decodeServerMessage(encodeBytes(taken));
      expect(again).toEqual(decoded);
      expect(encodeBytes(taken).length).toBeLessThanOrEqual(broken.length);
    }
    expect(verdicts.taken).toBeGreaterThan(200);
    expect(verdicts.refused).toBeGreaterThan(500);
  });

  it.each([11, 12, 13, 14])('takes a broken message or tells its fault, and never throws (seed %i)', (seed) => {
    const dice = new Dice(seed);
    const grammar = new Grammar(dice);
    const verdicts = { taken: 0, refused: 0 };
    for (let round = 0; round < 2_500; round += 1) {
      const isUp = dice.chance(0.5);
      const whole = Array.from({ length: 1 + dice.below(2) }, () =>
        isUp ? encodeClient(grammar.client()) : encodeServer(grammar.server()),
      ).join('\n');
      const text = mutate(whole, dice);
      const decoded = isUp ? decodeClientMessage(text, limits) : decodeServerMessage(text);
      if (decoded.ok) {
        verdicts.taken += 1;
        // What was taken is lawful: encoded again, it is taken again. (Encoding, unlike decoding, is recursive.)
        if (text.length > 15_000) continue;
        const again = isUp
          ? decodeClientMessage((decoded.frames as ClientFrame[]).map(encodeClient).join('\n'), limits)
          : decodeServerMessage((decoded.frames as ServerFrame[]).map(encodeServer).join('\n'));
        expect(again.ok, text.slice(0, 200)).toBe(true);
        for (const frame of decoded.frames) {
          if (frame.kind === 'm' && 'bytes' in frame) expect(frame.bytes).toBeGreaterThan(0);
        }
      } else {
        verdicts.refused += 1;
        expect([1002, 1003, 1009]).toContain(decoded.fault.closeCode);
        expect(decoded.fault.message.length).toBeLessThanOrEqual(1_024);
      }
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    // The mutations neither spare everything nor break everything: else this would test nothing.
    expect(verdicts.taken).toBeGreaterThan(200);
    expect(verdicts.refused).toBeGreaterThan(500);
  });
});
