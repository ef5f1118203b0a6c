// @vitest-environment node
import { createSocket, holdfast, plain } from '@holdfast/core';
import { createTestWorld } from '@holdfast/core/testing';
import { expect, test } from 'vitest';
import { createInspector } from '../tap.ts';
import { createReport } from './report.ts';

test('words of the server are in no report', async () => {
  const world = createTestWorld();
  world.server('wss://chat.test/', { onMessage: (peer, data) => peer.close(4_000, `bad message: ${String(data)}`) });
  const inspector = createInspector();
  const socket = createSocket(
    inspector.tap({ url: 'wss://chat.test/', protocol: plain(), environment: world.page.environment }),
  );
  inspector.attach(socket);
  await world.clock.until(socket.whenOpen());
  socket.send('SECRET');
  await world.clock.advance(100);
  const report = JSON.stringify(createReport(inspector), null, 1);
  expect(report.split('\n').filter((l) => l.includes('SECRET'))).toEqual([]);
});

test('a token that a server takes for a subprotocol is in no report', async () => {
  const world = createTestWorld();
  world.server('wss://chat.test/', { selectProtocol: (offered) => offered.at(-1) });
  const inspector = createInspector();
  const socket = createSocket(
    inspector.tap({
      url: 'wss://chat.test/',
      protocol: holdfast({ tokenIn: 'subprotocol' }),
      auth: () => 'SECRET',
      environment: world.page.environment,
    }),
  );
  inspector.attach(socket);
  await world.clock.advance(300);
  const report = JSON.stringify(createReport(inspector), null, 1);
  expect(report.split('\n').filter((l) => l.includes('SECRET'))).toEqual([]);
});
