import { withSources } from '../scripts/module-runner.mjs';

// The server of kills.ts in a process of its own, so that killing it is a kill.
await withSources(import.meta.dirname, async (load) => {
  const { serve } = await load('/kills-server.ts');
  await serve();
});
