import { memoryUserQueues } from './memory-user-queues.ts';
import { runUserQueueTests } from './user-queue-conformance.fixture.ts';

runUserQueueTests('memoryUserQueues', () => {
  let time = 0;
  return { store: memoryUserQueues({ now: () => time }), passTime: (ms) => (time += ms), end: () => {} };
});
