import { createSocket, plain } from '../../packages/core/src/index.ts';
import type { ClassName } from '../../packages/core/src/websocket/browser-differences.fixture.ts';
import { dropInFor } from '../../packages/core/src/websocket/drop-in.fixture.ts';
import { HoldfastWebSocket } from '../../packages/core/src/websocket/holdfast-websocket.ts';
import { onServer, requirements, run } from '../../packages/core/src/websocket/requirement-runner.fixture.ts';
import { aTask, next } from '../../packages/core/src/websocket/requirement.fixture.ts';

/** What the tests ask of the page, by name: arguments and results are JSON. */
const harness = {
  /** Always: the page keeps nothing from one requirement to the next. */
  isStarted: (): boolean => true,

  /** Runs a requirement against a class, at the page's own server. Gives what it found wrong; null: nothing. */
  async breach(number: string, name: ClassName): Promise<string | null> {
    const requirement = requirements.find((one) => one.number === number);
    if (requirement === undefined) throw new Error(`there is no requirement ${number}`);
    const Class = name === 'native' ? WebSocket : dropInFor(requirement);
    try {
      await run(requirement, onServer(Class, location.host), name);
      return null;
    } catch (error) {
      // Any other error is a fault of the test, and no answer.
      if (!(error instanceof Error) || error.name !== 'AssertionError') throw error;
      return error.message;
    }
  },

  /** What an attempt of createSocket at a port that browsers block ends with, and after how many milliseconds. */
  async blockedPort(): Promise<[code: string | undefined, ms: number]> {
    const startedAt = performance.now();
    const socket = createSocket({ url: 'ws://127.0.0.1:1/', protocol: plain() });
    await new Promise<unknown>((resolve) => socket.on('close', resolve));
    const { error } = socket.getState();
    await socket.close();
    return [error?.code, performance.now() - startedAt];
  },

  /** Gives ours bytes and text before it has a connection, and closes as soon as it has one. Gives what arrived. */
  async sentEarly(): Promise<string[]> {
    const socket = new HoldfastWebSocket(`ws://${location.host}/echo?id=early`);
    socket.send(new TextEncoder().encode('bytes'));
    socket.send('text');
    socket.onopen = () => socket.close();
    await next(socket, 'close');
    const { seen } = onServer(WebSocket, location.host);
    for (;;) {
      const record = await seen('early');
      if (record !== null && record.code !== null) return record.texts;
      await aTask(5);
    }
  },
};

export type RequirementsHarness = typeof harness;

Object.assign(globalThis, { harness });
