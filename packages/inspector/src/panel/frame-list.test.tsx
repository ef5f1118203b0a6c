import { cleanup, fireEvent, render } from '@testing-library/react';
import { afterEach, expect, test, vi } from 'vitest';
import type { FrameRecord } from '../record/records.ts';
import { FrameList } from './frame-list.tsx';

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function frames(count: number): FrameRecord[] {
  return Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    at: 0,
    connection: 1,
    direction: 'up',
    kind: 'message',
    text: '',
    payload: null,
    bytes: 1,
  }));
}

test('where a filter hides all from the place on that one reads, the newest that are left are in sight', () => {
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe(): void {}
      disconnect(): void {}
    },
  );
  const list = (shown: FrameRecord[]) => <FrameList frames={shown} empty="" selected={null} onSelect={() => {}} />;
  const view = render(list(frames(400)));
  const box = view.getByRole('listbox');
  // This document has no layout: what a browser would say.
  Object.defineProperty(box, 'scrollHeight', { get: () => 400 * 24 });
  Object.defineProperty(box, 'clientHeight', { get: () => 400 });
  box.scrollTop = 300 * 24;
  fireEvent.scroll(box);
  expect(view.container.querySelector('#frame-301')).not.toBeNull();
  view.rerender(list(frames(200)));
  expect(view.container.querySelector('#frame-200')).not.toBeNull();
  expect(view.container.querySelector('#frame-1')).toBeNull();
});
