import { holdfast, type Socket } from '@holdfast/core';
import { createTestWorld, HoldfastServer } from '@holdfast/core/testing';
import { useSocket } from '@holdfast/react';
import { act, render } from '@testing-library/react';
import type { ReactNode } from 'react';
import { expect, test, vi } from 'vitest';
import { pass, URL, aroundEachTest } from './panel.fixture.tsx';
import { createInspector } from './record/inspector.ts';

aroundEachTest();

test('useSocket with tapped options keeps its one socket over renders', async () => {
  const world = createTestWorld({ timers: 'global' });
  world.server(URL, new HoldfastServer());
  const { environment } = world.page;
  const inspector = createInspector();
  const sockets = new Set<Socket>();
  const onEvent = vi.fn();
  function Chat(): ReactNode {
    const socket = useSocket(URL, inspector.tap({ protocol: holdfast(), environment, onEvent: () => onEvent() }));
    sockets.add(socket);
    return null;
  }
  const { rerender } = render(<Chat />);
  await pass(1_000);
  rerender(<Chat />);
  await act(async () => rerender(<Chat />));
  await pass(1_000);
  expect(sockets.size).toBe(1);
  expect(world.page.connections).toHaveLength(1);
  expect(inspector.isTapped()).toBe(true);
  expect(inspector.log.states.last?.phase).toBe('open');
  expect(inspector.log.events.length).toBeGreaterThan(0);
  expect(onEvent).toHaveBeenCalledTimes(inspector.log.events.length);
});
