import { createSocket, holdfast, type Socket, type SocketOptions } from '@holdfast/core';
import type { UseSocketOptions } from '@holdfast/react';
import { useSocket } from '@holdfast/react';
import type { ReactElement } from 'react';
import { expectTypeOf, test } from 'vitest';
import { createInspector, HoldfastInspector, type Inspector } from './index.ts';

interface Up {
  readonly say: string;
}

const inspector = createInspector({ name: 'chat', maxFrames: 100 });

test('tap gives the options back in their own type', () => {
  const options: SocketOptions<Up> = { url: '/socket' };
  expectTypeOf(inspector.tap(options)).toEqualTypeOf<SocketOptions<Up>>();
  expectTypeOf(createSocket<string, Up>(inspector.tap({ url: '/socket', protocol: holdfast() }))).toEqualTypeOf<
    Socket<string, Up>
  >();
  const hook: UseSocketOptions = inspector.tap({ idleMs: 5 });
  expectTypeOf(useSocket<string>).toBeCallableWith('/socket', hook);
  // @ts-expect-error an environment that opens nothing
  inspector.tap({ environment: {} });
});

test('the panel takes a socket of any messages, and one inspector or several', () => {
  const socket = {} as Socket<string, Up>;
  expectTypeOf(inspector.attach(socket)).toEqualTypeOf<() => void>();
  expectTypeOf(HoldfastInspector).toBeCallableWith({ inspector, socket });
  expectTypeOf(HoldfastInspector).toBeCallableWith({ inspector: [inspector] as readonly Inspector[], theme: 'dark' });
  expectTypeOf(HoldfastInspector({})).toEqualTypeOf<ReactElement | null>();
  expectTypeOf(HoldfastInspector).toBeCallableWith({ buttonPosition: 'top-left', makeRoom: true });
  // @ts-expect-error no such corner
  HoldfastInspector({ buttonPosition: 'center' });
  // @ts-expect-error no such place
  HoldfastInspector({ layout: 'left' });
});
