import { join } from 'node:path';
import process from 'node:process';
import { must, root, tool } from './run.mjs';

// Takes the pictures of the documentation anew: docs/images. Needs Chromium.
process.env['PICTURES'] = join(root, 'docs', 'images');
await must(process.execPath, [tool('vitest', 'vitest'), 'run', '--project', 'e2e', 'pictures']);
