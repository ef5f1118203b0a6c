import type { Harness } from './page/harness.ts';
import type { ReactHarness } from './page/react.tsx';
import type { RequirementsHarness } from './page/requirements.ts';
import type { StorageHarness } from './page/storage.ts';

/** What pages answer to: each has one of them. */
export type PageFunctions = Harness & ReactHarness & RequirementsHarness & StorageHarness;

/** A page in some browser: the same few verbs for each. */
export interface RemotePage {
  open(url: string): Promise<void>;
  reload(): Promise<void>;
  /** As a person goes back. */
  back(): Promise<void>;
  /** Calls a function of the page's harness by its name. */
  call<Name extends keyof PageFunctions>(
    name: Name,
    ...args: Parameters<PageFunctions[Name]>
  ): Promise<Awaited<ReturnType<PageFunctions[Name]>>>;
}

/** Opens a server's page. A browser whose network has just changed drops what it loads: it is asked again then. */
export async function openPage(page: RemotePage, url: string): Promise<void> {
  const tries = 5;
  for (let tried = 1; ; tried += 1) {
    try {
      await page.open(url);
      await page.call('isStarted');
      return;
    } catch (error) {
      if (tried === tries) throw error;
    }
  }
}
