import type { Phase } from '@holdfast/core';
import { useEffect, useRef, useState, type ReactElement } from 'react';
import type { Inspector } from '../record/inspector.ts';
import { phaseOf } from './phase.tsx';
import { useLog } from './use-log.ts';

/** What lasts shorter is not said, and two announcements are further apart. */
const LASTS_MS = 1_000;
const APART_MS = 5_000;

/** While it tries again it is in many phases a second, which are one to who listens. */
const WORDS: { readonly [Name in Phase]: string } = {
  idle: 'not started',
  connecting: 'connecting',
  waiting: 'connecting',
  open: 'open',
  paused: 'paused',
  suspended: 'suspended: it gave up',
  closing: 'closed',
  closed: 'closed',
};

/** Says to a screen reader what becomes of the connection. */
export function Announcer({ inspector }: { readonly inspector: Inspector }): ReactElement {
  useLog(inspector.log);
  const words = `${inspector.name} is ${WORDS[phaseOf(inspector)]}`;
  // What is there when the panel opens is read where it stands.
  const [said, say] = useState('');
  const known = useRef(words);
  const saidAt = useRef(Number.NEGATIVE_INFINITY);
  useEffect(() => {
    if (words === known.current) return undefined;
    const timer = setTimeout(
      () => {
        known.current = words;
        saidAt.current = Date.now();
        say(words);
      },
      Math.max(LASTS_MS, saidAt.current + APART_MS - Date.now()),
    );
    return () => clearTimeout(timer);
  }, [words]);
  return (
    <p className="unseen" role="status">
      {said}
    </p>
  );
}
