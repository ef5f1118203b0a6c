import { useOnMessage } from '@holdfast/react';
import { type ReactElement, useState } from 'react';
import type { ConversationSocket } from '../conversation/sent-messages.ts';
import { formatClock, formatCount, formatDuration } from '../lib/format.ts';
import type { EchoMessage } from '../messages.ts';

const LIMIT = 100;

interface Reply extends EchoMessage {
  readonly receivedAt: number;
}

export function Replies({ socket }: { readonly socket: ConversationSocket }): ReactElement {
  const [replies, setReplies] = useState<readonly Reply[]>([]);
  useOnMessage(socket, (message) => {
    if (message.kind !== 'echo') return;
    const receivedAt = Date.now();
    setReplies((before) => [{ ...message, receivedAt }, ...before].slice(0, LIMIT));
  });
  return (
    <div className="replies" tabIndex={0} role="log" aria-label="Replies of the server, newest first">
      <ol>
        {replies.length === 0 && <li className="empty">Its replies come here.</li>}
        {replies.map(({ number, text, sentAt, receivedAt }, row) => (
          // By place: a row stays where it is and shows another reply.
          <li key={row}>
            <p title={text}>{text}</p>
            <span className="quiet">
              number {formatCount(number)}, {formatClock(receivedAt)}, {formatDuration(receivedAt - sentAt)} after you
              sent it
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
}
