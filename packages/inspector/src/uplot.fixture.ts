import { vi } from 'vitest';

// There is no canvas here: the plots are seen in Chromium.
vi.mock('uplot', () => ({
  default: class {
    static paths = {};
    cursor = {};
    batch(run: () => void): void {
      run();
    }
    setData(): void {}
    setScale(): void {}
    setSize(): void {}
    destroy(): void {}
  },
}));
