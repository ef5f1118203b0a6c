import { memo, useState, type ReactElement } from 'react';
import type { Inspector } from '../record/inspector.ts';
import type { InspectableSocket } from '../record/records.ts';
import { ConfirmButton } from './confirm-button.tsx';
import { formatBytes, formatClock, formatCount, formatLong } from './format.ts';
import { useLog, useNow } from './use-log.ts';

/** How many messages are read, and how many of those are shown. */
const READ = 2_000;
const SHOWN = 100;

type Status = 'all' | 'queued' | 'inFlight';

export function Outbox({ inspector }: { readonly inspector: Inspector }): ReactElement {
  useLog(inspector.log);
  const socket = inspector.getSocket();
  if (socket === null) {
    return (
      <div className="untapped">
        <p>
          The outbox is the socket’s: give the panel <code>{'socket={socket}'}</code>.
        </p>
      </div>
    );
  }
  return <OutboxTable socket={socket} />;
}

function OutboxTable({ socket }: { readonly socket: InspectableSocket }): ReactElement {
  const now = useNow(1_000);
  const [search, setSearch] = useState('');
  const [status, setStatus] = useState<Status>('all');
  const { queued, inFlight } = socket.getStats();
  const items = socket.outbox.list(READ);
  const found = items.filter((item) => item.id.includes(search.trim()) && (status === 'all' || item.status === status));
  const rest = queued + inFlight - items.length;

  return (
    <div className="outbox">
      <div className="toolbar">
        <input
          type="search"
          placeholder="Search by id"
          aria-label="Search the outbox by id"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
        <select aria-label="Status" value={status} onChange={(event) => setStatus(event.target.value as Status)}>
          <option value="all">All</option>
          <option value="queued">Queued</option>
          <option value="inFlight">In flight</option>
        </select>
        <span className="summary" role="status">
          {`${formatCount(queued)} queued, ${formatCount(inFlight)} in flight`}
        </span>
        <ConfirmButton
          label="Clear"
          question={`Withdraw ${queued === 1 ? 'the queued message' : `all ${formatCount(queued)} queued messages`}?`}
          confirm="Withdraw"
          isDisabled={queued === 0}
          onConfirm={() => void socket.outbox.clear()}
        />
      </div>
      <div className="waiting" role="group" aria-label="Outbox" tabIndex={0}>
        {found.length === 0 ? (
          <p className="empty">
            {items.length === 0 ? 'Nothing waits: all that was sent has arrived.' : 'No message is like that.'}
          </p>
        ) : (
          <table>
            <thead>
              <tr>
                <th scope="col">Id</th>
                <th scope="col">Status</th>
                <th scope="col" className="number">
                  Size
                </th>
                <th scope="col" className="number">
                  Age
                </th>
                <th scope="col">
                  <span className="unseen">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {found.slice(0, SHOWN).map(({ id, status: its, bytes, queuedAt }) => (
                <Row
                  key={id}
                  id={id}
                  status={its}
                  bytes={bytes}
                  sentAt={queuedAt}
                  age={queuedAt === null ? 'before' : formatLong(now - queuedAt)}
                  onCancel={socket.outbox.cancel}
                />
              ))}
            </tbody>
          </table>
        )}
        {found.length > SHOWN || rest > 0 ? (
          <p className="empty">
            {formatCount(Math.min(SHOWN, found.length))} of {formatCount(found.length + Math.max(0, rest))} are shown.
          </p>
        ) : null}
      </div>
    </div>
  );
}

const Row = memo(function Row(props: {
  readonly id: string;
  readonly status: 'queued' | 'inFlight';
  readonly bytes: number;
  readonly sentAt: number | null;
  readonly age: string;
  readonly onCancel: (id: string) => void;
}): ReactElement {
  const { id, status, bytes, sentAt, age, onCancel } = props;
  const isQueued = status === 'queued';
  const log = id.lastIndexOf(':');
  return (
    <tr>
      <td className="mono id" title={id}>
        <span>
          <span>{id.slice(0, log)}</span>
          {id.slice(log)}
        </span>
      </td>
      <td>
        <span className="badge" data-status={status}>
          {isQueued ? 'queued' : 'in flight'}
        </span>
      </td>
      <td className="number">{formatBytes(bytes)}</td>
      <td className="number" title={sentAt === null ? 'Sent by a page before this one' : formatClock(sentAt)}>
        {age}
      </td>
      <td className="action">
        <button
          type="button"
          disabled={!isQueued}
          title={isQueued ? 'Withdraw this message' : 'It may have been taken'}
          aria-label={`Cancel ${id}`}
          onClick={() => onCancel(id)}
        >
          Cancel
        </button>
      </td>
    </tr>
  );
});
