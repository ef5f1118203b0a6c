import type { ReactElement, ReactNode } from 'react';
import type { Inspector } from '../record/inspector.ts';
import { formatBytes, formatClock, formatCount, formatDuration, formatLong } from './format.ts';
import { Untapped } from './untapped.tsx';
import { useLog, useNow } from './use-log.ts';

/** What the wire has shown: connections, what the servers' welcomes said, and how far each log of messages is. */
export function Sessions({ inspector }: { readonly inspector: Inspector }): ReactElement {
  const log = useLog(inspector.log);
  const now = useNow(1_000);
  if (!inspector.isTapped()) return <Untapped what="Connections, sessions and producers" />;
  const sessions = log.sessions.toArray().reverse();
  const producers = [...log.producers.values()].reverse();
  const connections = log.connections.toArray().reverse();

  return (
    <div className="sessions">
      <Block
        title="Sessions"
        count={sessions.length}
        none="No server has said welcome: a plain protocol has no sessions."
      >
        <table>
          <Head names={['Since', 'Session', 'Connection', 'Offset', 'Window', 'Heartbeat', 'Server clock', 'Lost']} />
          <tbody>
            {sessions.map((session) => (
              <tr key={`${session.connection} ${session.at}`}>
                <td className="clock">{formatClock(session.at)}</td>
                <td>
                  <code>{session.session}</code> {session.resumed ? 'resumed' : 'new'}
                </td>
                <td>#{session.connection}</td>
                <td>{formatCount(session.offset)}</td>
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
      <Block title="Producers" count={producers.length} none="None yet: a log of messages is claimed when it has some.">
        <table>
          <Head names={['Producer', 'Next seq', 'Sent', 'Settled', 'Refused', '']} />
          <tbody>
            {producers.map(({ id, nextSeq, sent, settled, refused, isFinished }) => (
              <tr key={id}>
                <td className="mono id">{id}</td>
                <td>{formatCount(nextSeq)}</td>
                <td>{formatCount(sent)}</td>
                <td>{formatCount(settled)}</td>
                <td>{formatCount(refused)}</td>
                <td>{isFinished ? 'finished' : sent > settled ? `${formatCount(sent - settled)} in flight` : ''}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Block>
      <Block title="Connections" count={connections.length} none="None was opened yet.">
        <table>
          <Head names={['#', 'Started', 'Handshake', 'Lived', 'Ended by', 'Code', 'Up', 'Down', 'Protocol', 'URL']} />
          <tbody>
            {connections.map((connection) => (
              <tr key={connection.id}>
                <td>#{connection.id}</td>
                <td className="clock">{formatClock(connection.startedAt)}</td>
                <td>
                  {connection.openedAt === null ? '–' : formatDuration(connection.openedAt - connection.startedAt)}
                </td>
                <td>
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
  readonly count: number;
  readonly none: string;
  readonly children: ReactNode;
}): ReactElement {
  const { title, count, none, children } = props;
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
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

function Head({ names }: { readonly names: readonly string[] }): ReactElement {
  return (
    <thead>
      <tr>
        {names.map((name) => (
          <th key={name} scope="col">
            {name === '' ? <span className="unseen">Note</span> : name}
          </th>
        ))}
      </tr>
    </thead>
  );
}
