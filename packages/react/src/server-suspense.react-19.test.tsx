// @vitest-environment node
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Suspense, use, type ReactNode } from 'react';
import { renderToPipeableStream } from 'react-dom/server';
import { expect, test, vi } from 'vitest';
import { useSocket } from './use-socket.ts';

test('on a server the wait for an open socket rejects, and React leaves that part to the browser', async () => {
  const opened = vi.fn();
  vi.stubGlobal('WebSocket', opened);
  function Page(): ReactNode {
    use(useSocket('ws://chat.test/here').whenOpen());
    return 'open';
  }
  const faults: unknown[] = [];
  const { pipe } = renderToPipeableStream(
    <Suspense fallback="opening">
      <Page />
    </Suspense>,
    { onError: (fault) => void faults.push(fault) },
  );
  const html = await text(pipe(new PassThrough()));
  expect(html).toContain('opening');
  expect(faults).toMatchObject([{ code: 'ABORTED' }]);
  expect(opened).not.toHaveBeenCalled();
  vi.unstubAllGlobals();
});
