import { useOnMessage } from '@holdfast/react';
import { type ReactElement, useState } from 'react';
import type { ConversationSocket } from '../conversation/sent-messages.ts';
import { formatClock, formatCount, formatDuration } from '../lib/format.ts';
import type { EchoMessage } from '../messages.ts';
import { Card } from './card.tsx';

const LIMIT = 100;

interface Reply extends EchoMessage {
  readonly id: number;
  readonly receivedAt: number;
}

export function RepliesCard({ socket }: { readonly socket: ConversationSocket }): ReactElement {
  const [replies, setReplies] = useState<readonly Reply[]>([]);
  useOnMessage(socket, (message) => {
    if (message.kind !== 'echo') return;
    const receivedAt = Date.now();
    setReplies((before) => [{ ...message, id: (before[0]?.id ?? 0) + 1, receivedAt }, ...before].slice(0, LIMIT));
  });
  return (
    <Card title="Replies">
      {replies.length === 0 ? (
        <p className="empty">The server repeats what you type. Its replies come here.</p>
      ) : (
        <ol className="replies" tabIndex={0} role="log" aria-label="Replies of the server, newest first">
          {replies.map(({ id, number, text, sentAt, receivedAt }) => (
            <li key={id}>
              <p>{text}</p>
              <span className="quiet">
                number {formatCount(number)}, {formatClock(receivedAt)}, {formatDuration(receivedAt - sentAt)} after you
                sent it
              </span>
            </li>
          ))}
        </ol>
      )}
    </Card>
  );
}
