import { describe, expect, inject, it } from 'vitest';
import { onServer, requirements, run } from '../websocket/requirement-runner.fixture.ts';
import { aTask, next, type WebSocketClass } from '../websocket/requirement.fixture.ts';
import { DIFFERENCES } from './differences.fixture.ts';
import { ResumableWebSocket } from './resumable-websocket.ts';

// The table of the drop-in class, with the same page, and a server that behaves the same on `@holdfast/server/ws`.

/** As a library is given it. Only one requirement waits for a deadline of ours, which is 10 s by default. */
const ours = new Proxy(ResumableWebSocket, {
  construct: (target, [...given], newTarget) =>
    Reflect.construct(
      target,
      given.length === 0 ? [] : [given[0], given[1], { reconnect: { connectTimeoutMs: 300 } }],
      newTarget,
    ) as object,
}) as unknown as WebSocketClass;

/** Far beyond what any of the differences takes. */
const NEVER_MS = 5_000;

describe.each([...requirements])('$number $text', (requirement) => {
  const isDifferent = DIFFERENCES.some(({ number }) => number === requirement.number);
  const kept = (): Promise<void> => run(requirement, onServer(ours, inject('resumableServer')), 'resumable');
  const never = async (): Promise<void> => {
    await aTask(NEVER_MS);
    throw new Error('what it waits for never comes');
  };

  if (!isDifferent) it('holds for the resumable class', kept);
  else
    it('is different with the resumable class', () =>
      expect(Promise.race([kept(), never()])).rejects.toBeInstanceOf(Error));
});

it('every difference is a requirement of the table', () => {
  const numbers = requirements.map(({ number }) => number);
  expect(DIFFERENCES.filter(({ number }) => !numbers.includes(number))).toEqual([]);
});

it('a buffer and a Blob of another frame are sent as what they are', async () => {
  const frame = document.body.appendChild(document.createElement('iframe'));
  const other = frame.contentWindow as Window & typeof globalThis;
  const socket = new ResumableWebSocket(`ws://${inject('resumableServer')}/echo`);
  socket.binaryType = 'arraybuffer';
  await next(socket, 'open');
  const bytes = other.Uint8Array.of(1, 2, 3);
  const answers: number[][] = [];
  socket.onmessage = ({ data }) => answers.push([...new Uint8Array(data as ArrayBuffer)]);
  socket.send(new other.Blob([bytes]));
  socket.send(bytes.buffer);
  while (answers.length < 2) await aTask(5);
  expect(answers).toEqual([
    [1, 2, 3],
    [1, 2, 3],
  ]);
  socket.close();
  frame.remove();
});
