import { act } from '@testing-library/react';
import { vi } from 'vitest';

/** Lets the next frame come. Needs fake timers, as all of this. */
export async function frame(): Promise<void> {
  await act(async () => {
    vi.advanceTimersToNextFrame();
  });
}

/** No frame comes any more, as in a page that is hidden or about to be. Ends with `vi.unstubAllGlobals()`. */
export function stopFrames(): void {
  vi.stubGlobal('requestAnimationFrame', () => 0);
  vi.stubGlobal('cancelAnimationFrame', () => {});
}
