import { memo, useCallback, useReducer, useState, useSyncExternalStore, type ReactElement } from 'react';
import type { Inspector } from '../record/inspector.ts';
import type { InspectableSocket } from '../record/records.ts';
import { About, type Column, TableHead } from './about.tsx';
import { ActionButton } from './action-button.tsx';
import { ConfirmButton } from './confirm-button.tsx';
import { formatBytes, formatClock, formatCount, formatLong } from './format.ts';
import { SearchField } from './search-field.tsx';
import { useNow } from './use-log.ts';

/** How many messages are read, and how many of those are shown. */
const READ = 2_000;
const SHOWN = 100;
const LOOK_MS = 500;

const COLUMNS: readonly Column[] = [
  { name: 'Id', about: 'As of receipt.id: the producer that it belongs to, and its number there.' },
  {
    name: 'Status',
    about: 'queued: on no connection yet. in flight: sent, and the server has not confirmed it.',
  },
  { name: 'Size', about: 'Bytes of what it carries.', isNumber: true },
  { name: 'Age', about: 'Since send(); before: a page before this one sent it.', isNumber: true },
  { name: 'Action', about: 'What is queued can be withdrawn; what is in flight may have been taken.' },
];

type Status = 'all' | 'queued' | 'inFlight';

export function Outbox({ inspector }: { readonly inspector: Inspector }): ReactElement {
  const socket = useSyncExternalStore(inspector.log.subscribe, inspector.getSocket);
  if (socket === null) {
    return (
      <div className="untapped">
        <p>
          Messages that wait for the server stand here once the panel knows the socket: give it{' '}
          <code>{'socket={socket}'}</code>.
        </p>
      </div>
    );
  }
  return <OutboxTable socket={socket} />;
}

function OutboxTable({ socket }: { readonly socket: InspectableSocket }): ReactElement {
  // Not with each change of the log: at a thousand messages a second all rows would be other ones each time.
  const now = useNow(LOOK_MS);
  const [, lookAgain] = useReducer((count: number) => count + 1, 0);
  const cancel = useCallback(
    (id: string) => {
      socket.outbox.cancel(id);
      lookAgain();
    },
    [socket],
  );
  const [search, setSearch] = useState('');
  const [status, setStatus] = useState<Status>('all');
  const { queued, inFlight } = socket.getStats();
  const items = socket.outbox.list(READ);
  const found = items.filter((item) => item.id.includes(search.trim()) && (status === 'all' || item.status === status));
  const rest = queued + inFlight - items.length;

  return (
    <div className="outbox">
      <About
        title="Outbox"
        text="Messages that were sent and that the server has not confirmed, the oldest first."
        columns={COLUMNS}
      />
      <div className="toolbar">
        <SearchField label="Search the outbox by id" placeholder="Search by id" value={search} onSearch={setSearch} />
        <select aria-label="Status" value={status} onChange={(event) => setStatus(event.target.value as Status)}>
          <option value="all">All</option>
          <option value="queued">Queued</option>
          <option value="inFlight">In flight</option>
        </select>
        <span className="summary">{`${formatCount(queued)} queued, ${formatCount(inFlight)} in flight`}</span>
        <ConfirmButton
          label="Clear"
          question={`Withdraw ${queued === 1 ? 'the queued message' : `all ${formatCount(queued)} queued messages`}?`}
          confirm="Withdraw"
          isDisabled={queued === 0}
          onConfirm={() => void socket.outbox.clear().then(lookAgain)}
        />
      </div>
      <div className="waiting" role="group" aria-label="Outbox" tabIndex={0}>
        {found.length === 0 ? (
          <p className="empty">
            {items.length === 0
              ? 'Nothing waits: all that was sent has arrived. A message stands here from send() until the server has it.'
              : 'No message is like that: another search shows more.'}
          </p>
        ) : (
          <table>
            <TableHead columns={COLUMNS} />
            <tbody>
              {found.slice(0, SHOWN).map(({ id, status: its, bytes, queuedAt }) => (
                <Row
                  key={id}
                  id={id}
                  status={its}
                  bytes={bytes}
                  sentAt={queuedAt}
                  age={queuedAt === null ? 'before' : formatLong(now - queuedAt)}
                  onCancel={cancel}
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
        <ActionButton
          isDisabled={!isQueued}
          title={isQueued ? 'Withdraw this message' : 'It may have been taken'}
          aria-label={`Cancel ${id}`}
          onClick={({ currentTarget }) => {
            onCancel(id);
            neighbour(currentTarget)?.focus();
          }}
        >
          Cancel
        </ActionButton>
      </td>
    </tr>
  );
});

/** Where the focus goes when the row of this button goes. */
function neighbour(button: HTMLElement): HTMLElement | null {
  const row = button.closest('tr');
  const next = row?.nextElementSibling ?? row?.previousElementSibling;
  return next?.querySelector('button') ?? button.closest<HTMLElement>('.waiting');
}
