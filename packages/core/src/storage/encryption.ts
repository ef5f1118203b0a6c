import { StorageFault, type Segment } from './ports.ts';
import { messagesIn } from './stored-records.ts';

/** What a segment's messages become in storage, and what is stored becomes messages again. */
export interface RecordCodec {
  /** Called once, before all else. Rejects where nothing can be encoded here. */
  open(): Promise<void>;
  /** The fields of a record beside its key. */
  encode(log: string, segment: Segment): Promise<object>;
  /** What should be the messages of a record; undefined where they can't be had. */
  decode(log: string, record: StoredRecord): Promise<unknown>;
}

/** A record of a segment as it comes from storage: nothing of it is taken on trust. */
export type StoredRecord = { readonly first: number } & { readonly [field: string]: unknown };

/** A key as it is stored. */
export interface StoredKey {
  readonly id: number;
  readonly key: CryptoKey;
  /** How often it has encrypted, at most. */
  readonly uses: number;
}

/** All keys, the newest last. In the same transaction, what `change` makes of them is put in. */
export type KeyStore = (change?: (keys: readonly StoredKey[]) => StoredKey) => Promise<readonly StoredKey[]>;

/** How what is stored is encrypted: what `encryptAtRest()` gives. */
export interface Encryption {
  /** `scope` names the outbox: its name and identity. */
  createCodec(scope: string, keys: KeyStore): RecordCodec;
}

/**
 * NIST SP 800-38D, 8.3: a key may be used 2^32 times with random initialization vectors of 96 bits, so that the chance of
 * using one twice stays below 2^-32. The key is replaced before.
 */
const MOST_USES = 2 ** 32;
/** A page counts so many uses at once, so that a write has no counter to change. */
const USES_AT_ONCE = 2 ** 16;
const IV_BYTES = 12;

/**
 * Encrypts what an outbox stores: AES-GCM by WebCrypto, with a key of 256 bits for each name and identity. The key is kept
 * in the same database, made so that no script can read its bytes; it goes with the messages when the outbox is cleared.
 * Each record is bound to its log, its place in it and the identity: one that was moved or changed counts as unreadable.
 *
 * It protects copies of the messages that lack the key, not against who reads the whole profile from the disk, where the key
 * is, too, nor against scripts in the page. Where there is no `crypto.subtle` (plain http), nothing is stored, and the socket
 * says so once with STORAGE_UNAVAILABLE.
 */
export function encryptAtRest(): Encryption {
  return { createCodec };
}

function createCodec(scope: string, keyStore: KeyStore): RecordCodec {
  const keys = new Map<number, CryptoKey>();
  /** The newest. */
  let current: StoredKey | undefined;
  /** Uses of it that this page has counted and not made. */
  let left = 0;
  let reserving: Promise<void> | undefined;

  async function load(change?: Parameters<KeyStore>[0]): Promise<StoredKey | undefined> {
    const stored = await keyStore(change);
    for (const { id, key } of stored) keys.set(id, key);
    return stored.at(-1);
  }

  async function reserve(): Promise<void> {
    // It can't be made in the transaction, which would not wait for it.
    const fresh = await subtle().generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
    current = await load((stored) => {
      const newest = stored.at(-1);
      const isUsable = newest !== undefined && newest.uses + USES_AT_ONCE <= MOST_USES;
      const { id, key, uses } = isUsable ? newest : { id: (newest?.id ?? 0) + 1, key: fresh, uses: 0 };
      return { id, key, uses: uses + USES_AT_ONCE };
    });
    left = USES_AT_ONCE;
  }

  async function keyForOneUse(): Promise<StoredKey> {
    while (left === 0 || current === undefined) {
      reserving ??= reserve().finally(() => {
        reserving = undefined;
      });
      await reserving;
    }
    left -= 1;
    return current;
  }

  /** What else must be true of a record that is decrypted. */
  function parameters(iv: BufferSource, ...place: readonly unknown[]): AesGcmParams {
    return { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(JSON.stringify([scope, ...place])) };
  }

  return {
    open: reserve,
    async encode(log, segment) {
      const { id, key } = await keyForOneUse();
      const { seq: last } = segment.at(-1) ?? segment[0];
      const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
      const sealed = await subtle().encrypt(parameters(iv, log, segment[0].seq, last), key, pack(segment));
      return { last, key: id, iv, sealed };
    },
    async decode(log, record) {
      const { first, last, key: id, iv, sealed } = record;
      // It was stored before encryption was turned on.
      if (sealed === undefined) return messagesIn(record);
      if (!keys.has(id as number)) await load();
      const key = keys.get(id as number);
      if (key === undefined) return undefined;
      try {
        return unpack(
          await subtle().decrypt(parameters(iv as BufferSource, log, first, last), key, sealed as BufferSource),
        );
      } catch {
        // It was changed, moved, or is none of ours: the caller counts it, and tells.
        return undefined;
      }
    },
  };
}

function subtle(): SubtleCrypto {
  const { subtle: found } = crypto as { readonly subtle?: SubtleCrypto };
  if (found === undefined)
    throw new StorageFault(
      'no-crypto',
      'this origin has no crypto.subtle (is it plain http?): nothing is stored in clear',
    );
  return found;
}

/** The length of a list in JSON, the list, and behind it the payloads that are bytes, which are their lengths in the list. */
function pack(segment: Segment): Uint8Array<ArrayBuffer> {
  const blobs: Uint8Array[] = [];
  const list = segment.map(({ seq, payload, ttl }) => {
    if (typeof payload === 'string') return [seq, payload, ttl];
    blobs.push(payload);
    return [seq, payload.length, ttl];
  });
  const head = new TextEncoder().encode(JSON.stringify(list));
  const packed = new Uint8Array(blobs.reduce((sum, { length }) => sum + length, 4 + head.length));
  new DataView(packed.buffer).setUint32(0, head.length);
  let at = 4;
  for (const part of [head, ...blobs]) {
    packed.set(part, at);
    at += part.length;
  }
  return packed;
}

function unpack(packed: ArrayBuffer): unknown {
  const headLength = new DataView(packed).getUint32(0);
  const list = JSON.parse(new TextDecoder().decode(new Uint8Array(packed, 4, headLength))) as [
    number,
    unknown,
    unknown,
  ][];
  let at = 4 + headLength;
  return list.map(([seq, text, ttl]) => {
    if (typeof text !== 'number') return { seq, payload: text, ttl };
    at += text;
    return { seq, payload: new Uint8Array(packed.slice(at - text, at)), ttl };
  });
}
