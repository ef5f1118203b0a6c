import './watched-web-socket.ts';
import { holdfast, type EventRecord, type Receipt, type Socket } from '@holdfast/core';
import { indexedDB } from '@holdfast/core/indexeddb';
import { useConnectionState, useMessages, useOnMessage, useOutbox, useSocket } from '@holdfast/react';
import { StrictMode, useLayoutEffect, type ReactNode } from 'react';
import { createRoot, hydrateRoot, type Root } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import type { Numbered } from './harness.ts';
import { moments, note, type Moment } from './moments.ts';

export interface PageProps {
  readonly run: string;
  /** Whether another component has a handler that throws. Default false. */
  readonly isThrowing?: boolean;
  /** Another value makes another socket. */
  readonly maxAttempts?: number;
  /** Whose `onEvent` it is. */
  readonly name?: string;
}

let root: Root | undefined;
let socket: Socket<Numbered, Numbered>;
let shown: readonly number[] = [];
let commits = 0;
let receipts: Receipt[] = [];
const heard: number[] = [];
const codes: string[] = [];
const told: string[] = [];
const faults: string[] = [];

function Page({ run, isThrowing = false, maxAttempts = 100, name = 'first' }: PageProps): ReactNode {
  const used = useSocket<Numbered, Numbered>('/socket', {
    protocol: holdfast(),
    outbox: indexedDB({ name: run, identity: 'ada' }),
    reconnect: { maxAttempts },
    idleMs: 200,
    onEvent: ({ name: event }: EventRecord) => told.push(`${name} ${event}`),
  });
  const phase = useConnectionState(used, (state) => state.phase);
  const numbers = useMessages(used, { limit: 20_000, select: ({ number }) => number });
  const { items } = useOutbox(used);
  useOnMessage(used, ({ number }) => {
    heard.push(number);
    note('message', number);
  });
  useLayoutEffect(() => used.on('error', ({ code }) => void codes.push(code)), [used]);
  useLayoutEffect(() => {
    socket = used;
  }, [used]);
  useLayoutEffect(() => {
    shown = numbers;
    commits += 1;
    note('shown', numbers.at(-1) ?? 0);
  }, [numbers]);
  return (
    <p>
      {[phase, numbers.length, ...items.map(({ status }) => status)].join(' ')}
      {isThrowing && <Throwing socket={used} />}
    </p>
  );
}

function Throwing({ socket: used }: { readonly socket: Socket<Numbered, Numbered> }): ReactNode {
  useOnMessage(used, ({ number }) => {
    throw new Error(`a handler that does not like ${number}`);
  });
  return null;
}

function strictPage(props: PageProps): ReactNode {
  return (
    <StrictMode>
      <Page {...props} />
    </StrictMode>
  );
}

function container(html = ''): HTMLElement {
  const element = document.createElement('main');
  element.innerHTML = html;
  document.body.replaceChildren(element);
  return element;
}

const onRecoverableError = (fault: unknown): void => void faults.push(String(fault));

/** What the tests ask of the page, by name: arguments and results are JSON. All of it is in Strict Mode. */
const harness = {
  /** False in a page that was loaded anew. */
  isStarted: (): boolean => root !== undefined,

  /** Renders the page, or renders it again with other props. */
  render(props: PageProps): void {
    root ??= createRoot(container(), { onRecoverableError });
    root.render(strictPage(props));
  },

  /** Takes over what a server would have rendered. Gives that, and whether its elements are still those of the page. */
  async hydrate(props: PageProps): Promise<readonly [text: string | null, isKept: boolean]> {
    const element = container(renderToString(strictPage(props)));
    const [text, paragraph] = [element.textContent, element.querySelector('p')];
    root = hydrateRoot(element, strictPage(props), { onRecoverableError });
    while (commits === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    return [text, element.querySelector('p') === paragraph];
  },

  unmount: (): void => root?.unmount(),
  text: (): string | null => document.querySelector('main')?.textContent ?? null,

  /** Sends the numbers from `first` to `last` as fast as the outbox takes them. */
  async sendAll(run: string, first: number, last: number): Promise<void> {
    for (let number = first; number <= last; number += 1) {
      await socket.whenWritable();
      socket.send({ run, number });
    }
  },

  /** Sends them and unmounts in the same turn. */
  sendAndUnmount(run: string, first: number, last: number): void {
    for (let number = first; number <= last; number += 1) socket.send({ run, number });
    root?.unmount();
  },

  /** Sends them; resolves when all would outlive the page. */
  async store(run: string, first: number, last: number): Promise<void> {
    receipts = [];
    for (let number = first; number <= last; number += 1) receipts.push(socket.send({ run, number }));
    await Promise.all(receipts.map(({ stored }) => stored));
  },

  /** What `useMessages` has given last, and how often it gave something. */
  shown: (): readonly number[] => shown,
  commits: (): number => commits,
  /** What the handler of `useOnMessage` was called with. */
  heard: (): readonly number[] => heard,
  /** The codes of `error` events. */
  codes: (): readonly string[] => codes,
  /** Whose `onEvent` was told what. */
  told: (): readonly string[] => told,
  /** What React had to repair. */
  faults: (): readonly string[] => faults,
  moments: (): readonly Moment[] => moments,
  /** How many WebSockets the page has made. */
  connects: (): number => moments.filter(({ type }) => type === 'connect').length,
};

export type ReactHarness = typeof harness;

Object.assign(globalThis, { harness });
