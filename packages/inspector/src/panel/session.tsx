import type { ReactElement, ReactNode } from 'react';
import type { Inspector } from '../record/inspector.ts';
import { About, type Column, TableHead } from './about.tsx';
import { formatBytes, formatClock, formatCount, formatDuration, formatLong } from './format.ts';
import { Untapped } from './untapped.tsx';
import { useLog, useNow } from './use-log.ts';

const SESSIONS: readonly Column[] = [
  { name: 'Since', about: 'When the server said welcome.' },
  { name: 'Session', about: 'The first characters of its id; resumed: nothing was lost, new: it began here.' },
  { name: 'Connection', about: 'The WebSocket that carried the welcome.' },
  { name: 'Offset', about: 'The last message of the server that had come before.', isNumber: true },
  { name: 'Window', about: 'How many messages, and bytes, may be in flight.' },
  { name: 'Heartbeat', about: 'How often it pings, and how long an answer may take.' },
  { name: 'Server clock', about: 'How far it is ahead of this one; the way of the welcome is in it.' },
  { name: 'Lost', about: 'Why messages of the server are gone; –: none are.' },
];
const PRODUCERS: readonly Column[] = [
  {
    name: 'Producer',
    about: 'A log of messages: each page writes its own, and sends on those that pages before it left.',
  },
  { name: 'Next seq', about: 'The number that its next message gets.', isNumber: true },
  { name: 'Sent', about: 'The highest number that was written to a connection.', isNumber: true },
  { name: 'Settled', about: 'The highest number up to which the server has answered all.', isNumber: true },
  { name: 'Refused', about: 'How many the server’s app has refused.', isNumber: true },
  { name: 'Now', about: 'How many are in flight; finished: nothing more will come.' },
];
const CONNECTIONS: readonly Column[] = [
  { name: '#', about: 'Counts the WebSockets from 1.' },
  { name: 'Started', about: 'When it was made.' },
  { name: 'Handshake', about: 'How long until it was open; –: it never was.', isNumber: true },
  { name: 'Lived', about: 'How long it was open.', isNumber: true },
  { name: 'Ended by', about: 'The page, the server or the network, or a fault made here.' },
  { name: 'Code', about: 'The close code; 1006: without a word. Its reason, if there is one, by hovering.' },
  { name: 'Up', about: 'Messages and bytes that were sent.' },
  { name: 'Down', about: 'Messages and bytes that came.' },
  { name: 'Protocol', about: 'The subprotocol that the server chose.' },
  { name: 'URL', about: 'Without query, fragment and user name, which may be secret.' },
];

/** What the wire has shown: connections, what the servers' welcomes said, and how far each log of messages is. */
export function Sessions({ inspector }: { readonly inspector: Inspector }): ReactElement {
  const log = useLog(inspector.log);
  const now = useNow(1_000);
  if (!inspector.isTapped()) return <Untapped what="Connections, sessions and producers are listed" />;
  const sessions = log.sessions.toArray().reverse();
  const producers = [...log.producers.values()].reverse();
  const connections = log.connections.toArray().reverse();

  return (
    <div className="sessions">
      <Block
        title="Sessions"
        about="What the server has said at each welcome, the newest first."
        columns={SESSIONS}
        count={sessions.length}
        none="No server has said welcome: a plain protocol has no sessions."
      >
        <table>
          <TableHead columns={SESSIONS} />
          <tbody>
            {sessions.map((session) => (
              <tr key={`${session.connection} ${session.at}`}>
                <td className="clock">{formatClock(session.at)}</td>
                <td>
                  <code>{session.session}</code> {session.resumed ? 'resumed' : 'new'}
                </td>
                <td>#{session.connection}</td>
                <td className="number">{formatCount(session.offset)}</td>
                <td>
                  {formatCount(session.window.messages)} · {formatBytes(session.window.bytes)}
                </td>
                <td>
                  {formatDuration(session.heartbeat.intervalMs)} / {formatDuration(session.heartbeat.timeoutMs)}
                </td>
                <td>{`${session.clockAheadMs >= 0 ? '+' : '−'}${formatDuration(Math.abs(session.clockAheadMs))}`}</td>
                <td>{session.lost ?? '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Block>
      <Block
        title="Producers"
        about="How far the messages of each log have come."
        columns={PRODUCERS}
        count={producers.length}
        none="None yet: a log of messages is claimed when it has some."
      >
        <table>
          <TableHead columns={PRODUCERS} />
          <tbody>
            {producers.map(({ id, nextSeq, sent, settled, refused, isFinished }) => (
              <tr key={id}>
                <td className="mono id">{id}</td>
                <td className="number">{formatCount(nextSeq)}</td>
                <td className="number">{formatCount(sent)}</td>
                <td className="number">{formatCount(settled)}</td>
                <td className="number">{formatCount(refused)}</td>
                <td>{isFinished ? 'finished' : sent > settled ? `${formatCount(sent - settled)} in flight` : ''}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Block>
      <Block
        title="Connections"
        about="Every WebSocket, and who ended it, the newest first."
        columns={CONNECTIONS}
        count={connections.length}
        none="None was opened yet."
      >
        <table>
          <TableHead columns={CONNECTIONS} />
          <tbody>
            {connections.map((connection) => (
              <tr key={connection.id}>
                <td>#{connection.id}</td>
                <td className="clock">{formatClock(connection.startedAt)}</td>
                <td className="number">
                  {connection.openedAt === null ? '–' : formatDuration(connection.openedAt - connection.startedAt)}
                </td>
                <td className="number">
                  {connection.openedAt === null ? '–' : formatLong((connection.endedAt ?? now) - connection.openedAt)}
                </td>
                <td>{connection.endedBy ?? (connection.openedAt === null ? 'opening' : 'open')}</td>
                <td title={connection.closeReason}>{connection.closeCode ?? '–'}</td>
                <td>
                  {formatCount(connection.messagesUp)} · {formatBytes(connection.bytesUp)}
                </td>
                <td>
                  {formatCount(connection.messagesDown)} · {formatBytes(connection.bytesDown)}
                </td>
                <td>{connection.protocol === '' ? '–' : connection.protocol}</td>
                <td className="mono">{connection.url}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Block>
    </div>
  );
}

function Block(props: {
  readonly title: string;
  readonly about: string;
  readonly columns: readonly Column[];
  readonly count: number;
  readonly none: string;
  readonly children: ReactNode;
}): ReactElement {
  const { title, about, columns, count, none, children } = props;
  return (
    <section aria-label={title}>
      <About title={title} text={about} columns={columns} />
      {count === 0 ? <p className="empty">{none}</p> : <Scroller title={title}>{children}</Scroller>}
    </section>
  );
}

/** A wide table on a narrow panel is scrolled by keys, too. */
function Scroller({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactElement {
  return (
    <div className="scroller" role="group" aria-label={`${title}, table`} tabIndex={0}>
      {children}
    </div>
  );
}
