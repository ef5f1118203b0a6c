import { describe, it } from 'vitest';
import { outboxStoreConformance } from '../testing/outbox-store-conformance.ts';
import { MemoryPlace, MemoryStore } from './memory-store.fixture.ts';

// The tests of the runtime are worth what their store is worth: it keeps the port's word, too.
describe('the store that the tests use', () => {
  const places = new Map<string, MemoryPlace>();
  const cases = outboxStoreConformance((place) => {
    const known = places.get(place) ?? new MemoryPlace();
    places.set(place, known);
    return new MemoryStore(known);
  });
  for (const { name, run } of cases) it(name, run);
});
