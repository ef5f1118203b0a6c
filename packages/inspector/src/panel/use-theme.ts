import { useSyncExternalStore } from 'react';

const QUERY = '(prefers-color-scheme: dark)';

/** What is shown: the app's word, or the system's. */
export function useTheme(theme: 'auto' | 'light' | 'dark'): 'light' | 'dark' {
  const isDark = useSyncExternalStore(subscribe, () => matchMedia(QUERY).matches);
  if (theme !== 'auto') return theme;
  return isDark ? 'dark' : 'light';
}

function subscribe(listener: () => void): () => void {
  const media = matchMedia(QUERY);
  media.addEventListener('change', listener);
  return () => media.removeEventListener('change', listener);
}
