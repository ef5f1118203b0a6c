import { useSocketStats } from '@holdfast/react';
import { type ReactElement, useSyncExternalStore } from 'react';
import {
  type Burst,
  type ConversationSocket,
  DELIVERY_STATUSES,
  type DeliveryStatus,
  type Outgoing,
  type SentMessages,
} from '../conversation/sent-messages.ts';
import { formatCount, formatDuration, plural } from '../lib/format.ts';
import { Card } from './card.tsx';
import { Icon, type IconName } from './icon.tsx';

interface QueueCardProps {
  readonly socket: ConversationSocket;
  readonly outgoing: Outgoing;
}

const statuses: { readonly [status in DeliveryStatus]: { readonly word: string; readonly icon: IconName } } = {
  waiting: { word: 'waiting', icon: 'clock' },
  stored: { word: 'stored', icon: 'disk' },
  wire: { word: 'on the wire', icon: 'wire' },
  delivered: { word: 'delivered', icon: 'check' },
  failed: { word: 'failed', icon: 'stop' },
};

export function QueueCard({ socket, outgoing }: QueueCardProps): ReactElement {
  const sent = useSyncExternalStore(outgoing.store.subscribe, outgoing.store.getSnapshot);
  const open = useSocketStats(socket, ({ queued, inFlight }) => queued + inFlight);
  const inherited = Math.max(0, open - sent.unsettled);
  const total = DELIVERY_STATUSES.reduce((sum, status) => sum + sent.counts[status], 0);
  return (
    <Card title="Your messages" className="queue" aside={<BurstNote burst={sent.lastBurst} />}>
      {inherited > 0 && (
        <p className="inherited">
          <Icon name="disk" />
          {plural(inherited, 'message')} from before this page {inherited === 1 ? 'is' : 'are'} still waiting.
        </p>
      )}
      <StatusBar sent={sent} total={total} />
      {sent.latest.length === 0 ? (
        <p className="empty">
          Nothing sent by this page yet. Fire a burst, break something, reload: the messages stay.
        </p>
      ) : (
        <ol className="messages" tabIndex={0} aria-label="Newest messages and where they are">
          {sent.latest.map(({ id, number, text, status, error }) => (
            <li key={id}>
              <span className="message-number">{formatCount(number)}</span>
              <span className={text === null ? 'message-text is-burst' : 'message-text'}>
                {error?.message ?? text ?? 'burst'}
              </span>
              <span className={`status status-${status}`}>
                <Icon name={statuses[status].icon} />
                {statuses[status].word}
              </span>
            </li>
          ))}
        </ol>
      )}
    </Card>
  );
}

function StatusBar({ sent, total }: { readonly sent: SentMessages; readonly total: number }): ReactElement {
  return (
    <div className="status-bar">
      <div className="bar" aria-hidden="true">
        {DELIVERY_STATUSES.filter((status) => sent.counts[status] > 0).map((status) => (
          <span key={status} className={`fill-${status}`} style={{ flexGrow: sent.counts[status] }} />
        ))}
        {total === 0 && <span className="fill-none" style={{ flexGrow: 1 }} />}
      </div>
      <dl className="legend">
        {DELIVERY_STATUSES.map((status) => (
          <div key={status} className={sent.counts[status] === 0 ? 'is-zero' : ''}>
            <dt>
              <span className={`swatch fill-${status}`} aria-hidden="true" />
              {statuses[status].word}
            </dt>
            <dd data-testid={`count-${status}`}>{formatCount(sent.counts[status])}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function BurstNote({ burst }: { readonly burst: Burst | null }): ReactElement | null {
  if (burst === null) return null;
  const { size, storedAfterMs, deliveredAfterMs } = burst;
  const facts = [
    ...(storedAfterMs === null ? [] : [`stored in ${formatDuration(storedAfterMs)}`]),
    ...(deliveredAfterMs === null ? [] : [`delivered in ${formatDuration(deliveredAfterMs)}`]),
  ];
  return (
    <span className="quiet">
      {formatCount(size)} {facts.join(', ')}
    </span>
  );
}
