import type { HoldfastError } from '@holdfast/core';
import { useSocketStats } from '@holdfast/react';
import type { ReactElement } from 'react';
import type { ForeignTally, Records } from '../conversation/records.ts';
import { forgetRun } from '../conversation/run.ts';
import {
  type Burst,
  type ConversationSocket,
  DELIVERY_STATUSES,
  type DeliveryStatus,
  type Outgoing,
  type SentMessage,
  type SentMessages,
} from '../conversation/sent-messages.ts';
import { formatCount, formatDuration, plural } from '../lib/format.ts';
import { useStore } from '../lib/use-store.ts';
import { Card } from './card.tsx';
import { Icon, type IconName } from './icon.tsx';

interface QueueCardProps {
  readonly socket: ConversationSocket;
  readonly outgoing: Outgoing;
  readonly records: Records;
}

const statuses: { readonly [status in DeliveryStatus]: { readonly word: string; readonly icon: IconName } } = {
  waiting: { word: 'waiting', icon: 'clock' },
  stored: { word: 'stored', icon: 'disk' },
  wire: { word: 'on the wire', icon: 'wire' },
  delivered: { word: 'delivered', icon: 'check' },
  failed: { word: 'failed', icon: 'stop' },
};

export function QueueCard({ socket, outgoing, records }: QueueCardProps): ReactElement {
  const sent = useStore(outgoing.store);
  const { others } = useStore(records.store);
  const open = useSocketStats(socket, ({ queued, inFlight }) => queued + inFlight);
  const inherited = Math.max(0, open - sent.unsettled);
  const total = DELIVERY_STATUSES.reduce((sum, status) => sum + sent.counts[status], 0);
  return (
    <Card title="This page’s messages" className="queue" aside={<StartOver />}>
      <StatusBar sent={sent} total={total} />
      <p className={`quiet queue-note ${sent.storageError === null ? '' : 'is-bad'}`}>{noteOf(sent, inherited)}</p>
      <ol className="messages" tabIndex={0} aria-label="Newest messages and where they are">
        {total === 0 && <li className="empty">Nothing sent yet. Draw, fire a burst, reload: what is kept stays.</li>}
        {/* By place, not by message: a row stays where it is and shows another message. Nothing moves. */}
        {[...sent.failures, ...sent.latest.filter(({ status }) => status !== 'failed')].map((message, row) => (
          <Row key={row} {...message} />
        ))}
      </ol>
      {others.length > 0 && <Others others={others} />}
    </Card>
  );
}

function Row({ number, what, status, error }: SentMessage): ReactElement {
  return (
    <li className={status === 'failed' ? 'is-failed' : ''}>
      <span className="message-number">{formatCount(number)}</span>
      <span className="message-text">{error === null ? what : `${what}: ${error.message}`}</span>
      <span className={`status status-${status}`}>
        <Icon name={statuses[status].icon} />
        {statuses[status].word}
      </span>
    </li>
  );
}

function StartOver(): ReactElement {
  const startOver = (): void => {
    forgetRun(sessionStorage);
    location.reload();
  };
  return (
    <button type="button" className="button is-small" data-testid="start-over" onClick={startOver}>
      Start over
    </button>
  );
}

function Others({ others }: { readonly others: readonly ForeignTally[] }): ReactElement {
  return (
    <div className="others">
      <h3>Delivered for pages that are gone</h3>
      <ul>
        {others.map(({ run, received, missing, doubled, outOfOrder }) => (
          <li key={run}>
            Run {run.slice(0, 8)}: {formatCount(received)} arrived, {missing} lost, {doubled} doubled, {outOfOrder} out
            of order
          </li>
        ))}
      </ul>
    </div>
  );
}

function StatusBar({ sent, total }: { readonly sent: SentMessages; readonly total: number }): ReactElement {
  return (
    <div className="status-bar">
      <div className="bar" aria-hidden="true">
        {shares(sent, total).map(({ status, from, share }) => (
          <span
            key={status}
            className={`fill-${status}`}
            style={{ transform: `translateX(${100 * from}%) scaleX(${share})` }}
          />
        ))}
      </div>
      <dl className="legend">
        {DELIVERY_STATUSES.map((status) => (
          <div key={status} className={sent.counts[status] === 0 ? 'is-zero' : ''}>
            <dt>
              <span className={`swatch fill-${status}`} aria-hidden="true" />
              {status === 'wire' ? 'on wire' : statuses[status].word}
            </dt>
            <dd data-testid={`count-${status}`}>{formatCount(sent.counts[status])}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

/** Where each part of the bar begins, and how wide it is, from 0 to 1. */
function shares(
  { counts }: SentMessages,
  total: number,
): readonly { readonly status: DeliveryStatus; readonly from: number; readonly share: number }[] {
  let from = 0;
  return DELIVERY_STATUSES.map((status) => {
    const share = total === 0 ? 0 : counts[status] / total;
    const part = { status, from, share };
    from += share;
    return part;
  });
}

function noteOf({ storageError, lastBurst }: SentMessages, inherited: number): string {
  if (storageError !== null) return storageNote(storageError);
  if (inherited === 0) return burstNote(lastBurst);
  return `${plural(inherited, 'message')} from before this page ${inherited === 1 ? 'is' : 'are'} still waiting.`;
}

/** What it means for the messages here; the error's own words are for developers. */
function storageNote({ code }: HoldfastError): string {
  const why = code === 'STORAGE_FULL' ? 'Storage is full' : 'Storage fails';
  return `${why}: new messages are sent from memory, and a reload would lose those that are not delivered yet.`;
}

function burstNote(burst: Burst | null): string {
  if (burst === null) return 'Each one is numbered, stored, sent, and confirmed by the server’s handler.';
  const { size, storedAfterMs, deliveredAfterMs } = burst;
  const facts = [
    ...(storedAfterMs === null ? [] : [`stored after ${formatDuration(storedAfterMs)}`]),
    ...(deliveredAfterMs === null ? [] : [`delivered after ${formatDuration(deliveredAfterMs)}`]),
  ];
  return `The burst of ${formatCount(size)}: ${facts.length === 0 ? 'on its way' : facts.join(', ')}.`;
}
