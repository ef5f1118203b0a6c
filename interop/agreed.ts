import type { YArrayEvent } from 'yjs';

/** The document that the Yjs server and its client share. */
export const ROOM = 'room';

/** What a change has added to a list of texts in it. */
export function insertedTexts({ changes }: YArrayEvent<string>): string[] {
  return changes.delta.flatMap(({ insert }) => (Array.isArray(insert) ? (insert as string[]) : []));
}

/** How often the STOMP broker sends its heart-beat. */
export const BEAT_MS = 500;
