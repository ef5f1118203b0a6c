import { memoryStore } from './memory-store.ts';
import { runProducerStoreTests } from './producer-store-conformance.fixture.ts';

runProducerStoreTests('memoryStore', () => {
  let time = 0;
  return {
    store: memoryStore({ now: () => time }),
    passTime: (ms) => (time += ms),
    end: () => {},
  };
});
