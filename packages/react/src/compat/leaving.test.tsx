import { render } from '@testing-library/react';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cleanUp, ours, pass, probe, startServer, type Peer } from './contract.fixture.tsx';

afterEach(cleanUp);
let server: Peer;
beforeEach(() => {
  server = startServer();
});

test('a component that has left opens nothing, however many of its retries another one of the share came before', async () => {
  const slow = probe(ours);
  const quick = probe(ours);
  const shouldReconnect = (): boolean => true;
  const page = (hasSlow: boolean) => (
    <>
      {hasSlow && <slow.Component options={{ share: true, shouldReconnect, reconnectInterval: 5_000 }} />}
      <quick.Component options={{ share: true, shouldReconnect, reconnectInterval: 100 }} />
    </>
  );
  const view = render(page(true));
  await pass();
  server.close();
  await pass(500);
  expect(server.alive).toBe(1);
  server.close();
  await pass(500);
  expect(server.alive).toBe(1);
  const opened = server.opened.length;
  view.rerender(page(false));
  await pass(100);
  view.unmount();
  await pass(1_000);
  expect(server.alive).toBe(0);
  await pass(30_000);
  expect([server.alive, server.opened.length]).toEqual([0, opened]);
});

test('a component whose url is another by now sends nothing to the one before', async () => {
  const other = probe(ours);
  const moving = probe(ours);
  const page = (url: string | null) => (
    <>
      <other.Component options={{ share: true }} />
      <moving.Component url={url} options={{ share: true }} />
    </>
  );
  const view = render(page('ws://chat.test/here'));
  await pass();
  view.rerender(page(null));
  await pass();
  moving.current.sendMessage('secret');
  await pass();
  expect(server.received).toEqual([]);
});
