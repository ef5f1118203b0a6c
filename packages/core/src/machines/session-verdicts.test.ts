import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Scene } from './conversation.fixture.ts';
import { holdfastSession } from './session.ts';

interface Vector {
  readonly name: string;
  readonly from: 'client' | 'server';
  readonly data: string | { readonly binary: string };
  readonly ok: boolean;
  readonly closeCode?: number;
}

const vectors = (
  JSON.parse(
    readFileSync(new URL('../../../../docs/protocol-vectors.json', import.meta.url), 'utf8'),
  ) as readonly Vector[]
).filter(({ from, ok }) => from === 'server' && !ok);

describe('what a server may not send', () => {
  it.each(vectors)(
    '$name: the connection ends as the vector says, and nothing reaches the app',
    ({ data, closeCode }) => {
      const scene = new Scene((host) => holdfastSession(host)).start();
      scene.conversation.receive(typeof data === 'string' ? data : Buffer.from(data.binary, 'base64'));
      expect(scene.host.failures).toEqual([['PROTOCOL_ERROR', closeCode]]);
      expect(scene.host.delivered).toEqual([]);
    },
  );
});
