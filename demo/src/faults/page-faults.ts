import { createFrameStore, type FrameStore } from '../lib/frame-store.ts';

export interface PageFaultsView {
  readonly isOffline: boolean;
  readonly isStorageBroken: boolean;
}

const WRITES = ['put', 'add'] as const;

/** Faults that the page makes to itself, as far as a page can. */
export class PageFaults {
  readonly store: FrameStore<PageFaultsView>;
  #view: PageFaultsView = { isOffline: false, isStorageBroken: false };
  readonly #writes = new Map<(typeof WRITES)[number], (typeof IDBObjectStore.prototype)['put']>();

  constructor() {
    this.store = createFrameStore(() => this.#view, 0);
  }

  /** The browser's word that there is no network, while the wire works: a hint, as `navigator.onLine` always is. */
  sayOffline(isOffline: boolean): void {
    if (isOffline) Object.defineProperty(navigator, 'onLine', { configurable: true, get: () => false });
    else Reflect.deleteProperty(navigator, 'onLine');
    this.#view = { ...this.#view, isOffline };
    this.store.invalidate();
    window.dispatchEvent(new Event(isOffline ? 'offline' : 'online'));
  }

  /** Ends what is on. */
  repair(): void {
    if (this.#view.isOffline) this.sayOffline(false);
    if (this.#view.isStorageBroken) this.breakStorage(false);
  }

  /** Makes every write to IndexedDB fail as on a disk that is full. */
  breakStorage(isStorageBroken: boolean): void {
    for (const name of WRITES) {
      const real = this.#writes.get(name);
      if (isStorageBroken && real === undefined) {
        this.#writes.set(name, IDBObjectStore.prototype[name]);
        IDBObjectStore.prototype[name] = () => {
          throw new DOMException('The disk is full (as this page plays it).', 'QuotaExceededError');
        };
      } else if (!isStorageBroken && real !== undefined) {
        IDBObjectStore.prototype[name] = real;
        this.#writes.delete(name);
      }
    }
    this.#view = { ...this.#view, isStorageBroken };
    this.store.invalidate();
  }
}
