import { describe } from 'vitest';
import { runOutboxStoreTests } from '../storage/outbox-store-conformance.ts';
import { MemoryPlace, MemoryStore } from './memory-store.fixture.ts';

// The tests of the runtime are worth what their store is worth: it keeps the port's word, too.
describe('the store that the tests use', () => {
  const places = new Map<string, MemoryPlace>();
  runOutboxStoreTests((name) => {
    const place = places.get(name) ?? new MemoryPlace();
    places.set(name, place);
    return new MemoryStore(place);
  });
});
