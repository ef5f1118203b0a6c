import { useSyncExternalStore } from 'react';
import type { FrameStore } from './frame-store.ts';

export const useStore = <T>(store: FrameStore<T>): T => useSyncExternalStore(store.subscribe, store.getSnapshot);
