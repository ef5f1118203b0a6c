import { useEffect, useState } from 'react';
import type UPlot from 'uplot';

/** What draws the plots; an error: why it can't be loaded; null: it is on its way. */
export type PlotLibrary = typeof UPlot | Error | null;

/** A failure is not kept: a view that opens later asks again, and an engine that did not keep it either loads it then. */
let library: typeof UPlot | null = null;

/**
 * uPlot, loaded apart from the panel: where that fails, only the plots are missing. On being loaded it asks for a format of
 * numbers in the browser's language, which throws where that is none: WebKitGTK calls it `C` in the locale of a bare container.
 */
export function useUPlot(): PlotLibrary {
  const [known, setKnown] = useState<PlotLibrary>(() => library);
  useEffect(() => {
    if (library !== null) {
      // It may have come since this was rendered, to another that asked before.
      setKnown(() => library);
      return undefined;
    }
    let isGone = false;
    const take = (loaded: PlotLibrary): void => {
      if (!isGone) setKnown(() => loaded);
    };
    import('uplot').then(
      ({ default: loaded }) => {
        library = loaded;
        take(loaded);
      },
      (error: unknown) => take(error instanceof Error ? error : new Error(String(error))),
    );
    return () => {
      isGone = true;
    };
  }, []);
  return known;
}
