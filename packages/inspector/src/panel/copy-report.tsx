import { useEffect, useRef, useState, type ReactElement } from 'react';
import type { Inspector } from '../record/inspector.ts';
import { createReport } from '../record/report.ts';
import { Icon } from './icon.tsx';

const SAID_MS = 2_000;

/** Copies the report; where the page may not write to the clipboard, shows it to be copied by hand. */
export function CopyReport({ inspector }: { readonly inspector: Inspector }): ReactElement {
  const [isCopied, setCopied] = useState(false);
  const [byHand, setByHand] = useState<string | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  const area = useRef<HTMLTextAreaElement>(null);

  useEffect(() => {
    if (!isCopied) return undefined;
    const timer = setTimeout(() => setCopied(false), SAID_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  useEffect(() => {
    area.current?.focus();
    area.current?.select();
  }, [byHand]);

  const copy = async (): Promise<void> => {
    const report = JSON.stringify(createReport(inspector), null, 2);
    try {
      await navigator.clipboard.writeText(report);
      setCopied(true);
    } catch {
      setByHand(report);
    }
  };
  const close = (): void => {
    setByHand(null);
    button.current?.focus();
  };

  return (
    <>
      <button
        ref={button}
        type="button"
        className="icon"
        aria-label="Copy a report"
        title="Copy a report for an issue, without payloads and secrets"
        onClick={() => void copy()}
      >
        <Icon name={isCopied ? 'check' : 'copy'} />
      </button>
      <span className="unseen" role="status">
        {isCopied ? 'The report is copied.' : ''}
      </span>
      {byHand === null ? null : (
        <div
          className="by-hand"
          role="dialog"
          aria-label="Report"
          onKeyDown={(event) => {
            if (event.key !== 'Escape') return;
            event.preventDefault();
            close();
          }}
        >
          <p>This page may not write to the clipboard: copy the report from here.</p>
          <textarea ref={area} readOnly aria-label="The report" value={byHand} />
          <button type="button" onClick={close}>
            Close
          </button>
        </div>
      )}
    </>
  );
}
