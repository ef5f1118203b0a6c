import { createSocket, holdfast, type Socket, type SocketOptions } from '@holdfast/core';
import { createTestWorld, HoldfastServer, type TestServer, type TestWorld } from '@holdfast/core/testing';
import { act, cleanup, fireEvent, within, type BoundFunctions, type queries } from '@testing-library/react';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import { createInspector, type Inspector, type InspectorOptions } from './record/inspector.ts';

export const URL = 'wss://chat.test/socket';

export interface Scene {
  readonly world: TestWorld;
  readonly chat: HoldfastServer;
  readonly server: TestServer;
  readonly inspector: Inspector;
  readonly socket: Socket;
}

/** A world that goes by the fake timers of the test, in it a socket that is made through a tap and is open. */
export async function startWorld(
  options: InspectorOptions = {},
  more: Partial<SocketOptions> = {},
  script = new HoldfastServer(),
): Promise<Scene> {
  const world = createTestWorld({ timers: 'global' });
  const server = world.server(URL, script);
  const inspector = createInspector(options);
  const { environment } = world.page;
  const socket = createSocket(inspector.tap({ url: URL, protocol: holdfast(), environment, ...more }));
  await pass(1_000);
  return { world, chat: script, server, inspector, socket };
}

/** Around each test of the file that calls it: fake timers, nothing stored, and after it no panel and nothing stubbed. */
export function aroundEachTest(): void {
  beforeEach(() => {
    vi.useFakeTimers();
    localStorage.clear();
  });
  afterEach(async () => {
    cleanup();
    await pass(0);
    vi.unstubAllEnvs();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
    vi.useRealTimers();
    expect(document.querySelector('holdfast-inspector')).toBeNull();
  });
}

/** Lets time pass, and React and what is imported come to rest. */
export async function pass(ms: number): Promise<void> {
  await act(async () => {
    await vi.dynamicImportSettled();
    await vi.advanceTimersByTimeAsync(ms);
  });
}

export type PanelView = BoundFunctions<typeof queries>;

function shadow(): ShadowRoot {
  const hosts = document.querySelectorAll('holdfast-inspector');
  expect(hosts).toHaveLength(1);
  const [host] = hosts;
  if (!host?.shadowRoot) throw new Error('the panel has no shadow root');
  return host.shadowRoot;
}

/** What can be seen of the panel, once it is loaded. */
export async function panel(): Promise<PanelView> {
  await pass(300);
  return within(shadow().querySelector('div') as HTMLElement);
}

export function focused(): Element | null {
  return shadow().activeElement;
}

export async function click(element: Element): Promise<void> {
  await act(async () => {
    (element as HTMLElement).focus();
    fireEvent.click(element);
  });
  await pass(300);
}

export async function press(key: string, element: Element | null = focused()): Promise<void> {
  await act(async () => {
    fireEvent.keyDown(element ?? document.body, { key, bubbles: true, composed: true });
  });
  await pass(300);
}

export async function type(element: Element, value: string): Promise<void> {
  await act(async () => {
    fireEvent.change(element, { target: { value } });
  });
  await pass(300);
}
