import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { insertedTexts, ROOM } from '../agreed.ts';
import { RETRY_MS, type StartClient } from './client.ts';

/**
 * The protocol has no ping. Step 1 of its sync is a question that every server answers, with what the asker lacks: next
 * to nothing while both agree, and what was lost if they don't. It says what the document holds at that moment.
 */
const syncStep1 = (doc: Y.Doc): Uint8Array<ArrayBuffer> => {
  const state = Y.encodeStateVector(doc);
  return Uint8Array.of(MESSAGE_SYNC, SYNC_STEP_1, ...variableLength(state.length), ...state);
};
const MESSAGE_SYNC = 0;
const SYNC_STEP_1 = 0;

export const startYjs: StartClient = (url, withPing) => {
  const doc = new Y.Doc();
  const heard: string[] = [];
  doc.getArray<string>('news').observe((event) => heard.push(...insertedTexts(event)));
  // It has no isPong: whatever the server says to it is for the provider as well.
  const WebSocketPolyfill = withPing({ data: () => syncStep1(doc) });
  void new WebsocketProvider(url, ROOM, doc, { WebSocketPolyfill, maxBackoffTime: RETRY_MS, disableBc: true });
  const said = doc.getArray<string>('said');
  return { heard, say: (text) => said.push([text]) };
};

/** A number in the protocol's encoding: seven bits a byte, the lowest first, the eighth says that more follow. */
function variableLength(number: number): number[] {
  return number < 128 ? [number] : [(number % 128) + 128, ...variableLength(Math.floor(number / 128))];
}
