import { useState } from 'react';
import type { Corner } from '../holdfast-inspector.tsx';
import { TABS, type TabName } from './tabs.tsx';

/** Where the panel is and how large: what the user has chosen, over what the app gave. */
export interface Settings {
  readonly isOpen: boolean;
  readonly place: 'floating' | 'bottom' | 'right' | 'inline';
  readonly height: number;
  readonly width: number;
  readonly tab: TabName;
  /** Where the button is, and the floating window. */
  readonly corner: Corner;
}

const KEY = 'holdfast-inspector';
const CORNERS: readonly unknown[] = ['bottom-right', 'bottom-left', 'top-right', 'top-left'] satisfies Corner[];

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
    const { isOpen, place, height, width, tab, corner } = stored as { [Key in keyof Settings]?: unknown };
    return {
      ...(typeof isOpen === 'boolean' && { isOpen }),
      ...((place === 'floating' || place === 'bottom' || place === 'right') && { place }),
      ...(isSize(height) && { height }),
      ...(isSize(width) && { width }),
      ...(typeof tab === 'string' && Object.hasOwn(TABS, tab) && { tab: tab as TabName }),
      ...(CORNERS.includes(corner) && { corner: corner as Corner }),
    };
  } catch {
    // Blocked, or no JSON.
    return {};
  }
}

/** What is smaller could not be found again. */
function isSize(value: unknown): value is number {
  return typeof value === 'number' && value >= 100;
}

function write(settings: Partial<Settings>): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // Blocked or full: it is forgotten with the page.
  }
}
