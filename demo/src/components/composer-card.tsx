import { useSocketStats } from '@holdfast/react';
import { type ReactElement, type SubmitEvent, useId, useState } from 'react';
import type { ConversationSocket, Outgoing } from '../conversation/sent-messages.ts';
import { QUEUE_LIMIT } from '../conversation/limits.ts';
import { formatCount } from '../lib/format.ts';
import { MAX_TEXT_LENGTH } from '../messages.ts';
import { Card } from './card.tsx';
import { Icon } from './icon.tsx';
import { Replies } from './replies.tsx';

interface ComposerCardProps {
  readonly socket: ConversationSocket;
  readonly outgoing: Outgoing;
}

const BURST_SIZES = [10, 100, 1_000, 5_000];

export function ComposerCard({ socket, outgoing }: ComposerCardProps): ReactElement {
  const [text, setText] = useState('');
  const [size, setSize] = useState(1_000);
  const room = useSocketStats(socket, ({ queued, inFlight }) => QUEUE_LIMIT - queued - inFlight);
  const textId = useId();
  const sizeId = useId();

  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const trimmed = text.trim();
    if (trimmed === '' || room < 1) return;
    outgoing.sendText(trimmed);
    setText('');
  };

  return (
    <Card title="Say something, or a lot" className="composer">
      <form className="compose" onSubmit={submit}>
        <label className="only-heard" htmlFor={textId}>
          Message
        </label>
        <input
          id={textId}
          value={text}
          maxLength={MAX_TEXT_LENGTH}
          placeholder="Hello, server"
          autoComplete="off"
          enterKeyHint="send"
          onChange={(event) => setText(event.target.value)}
        />
        <button type="submit" className="button is-primary" disabled={text.trim() === '' || room < 1}>
          <Icon name="send" />
          Send
        </button>
      </form>
      <div className="burst">
        <label htmlFor={sizeId}>Or a burst of</label>
        <select id={sizeId} value={size} onChange={(event) => setSize(Number(event.target.value))}>
          {BURST_SIZES.map((choice) => (
            <option key={choice} value={choice}>
              {formatCount(choice)}
            </option>
          ))}
        </select>
        <button
          type="button"
          className="button is-primary"
          data-testid="burst"
          disabled={room < size}
          onClick={() => outgoing.sendBurst(size)}
        >
          <Icon name="burst" />
          Fire
        </button>
      </div>
      <p className="quiet room-note">
        {room < size
          ? `The outbox is full: ${formatCount(Math.max(0, room))} more fit.`
          : 'The server repeats what you type. All of it goes all three ways, too.'}
      </p>
      <Replies socket={socket} />
    </Card>
  );
}
