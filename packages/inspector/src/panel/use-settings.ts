import { useState } from 'react';
import { TABS, type TabName } from './tabs.tsx';

/** Where the panel is and how large: what the user has chosen, over what the app gave. */
export interface Settings {
  readonly isOpen: boolean;
  readonly place: 'floating' | 'bottom' | 'right' | 'inline';
  readonly height: number;
  readonly width: number;
  readonly tab: TabName;
}

const KEY = 'holdfast-inspector';

export function useSettings(given: Settings): readonly [Settings, (change: Partial<Settings>) => void] {
  const [chosen, setChosen] = useState(read);
  const change = (part: Partial<Settings>): void => {
    setChosen((before) => {
      const after = { ...before, ...part };
      write(after);
      return after;
    });
  };
  const settings = { ...given, ...chosen };
  // One that the app gave a place of its own has no other.
  return [given.place === 'inline' ? { ...settings, place: 'inline', isOpen: true } : settings, change];
}

/** What is stored may be of another release, or not there: then what the app gave counts. */
function read(): Partial<Settings> {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    if (typeof stored !== 'object' || stored === null) return {};
    const { isOpen, place, height, width, tab } = stored as { [Key in keyof Settings]?: unknown };
    return {
      ...(typeof isOpen === 'boolean' && { isOpen }),
      ...((place === 'floating' || place === 'bottom' || place === 'right') && { place }),
      ...(typeof height === 'number' && { height }),
      ...(typeof width === 'number' && { width }),
      ...(typeof tab === 'string' && Object.hasOwn(TABS, tab) && { tab: tab as TabName }),
    };
  } catch {
    // Blocked, or no JSON.
    return {};
  }
}

function write(settings: Partial<Settings>): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // Blocked or full: it is forgotten with the page.
  }
}
