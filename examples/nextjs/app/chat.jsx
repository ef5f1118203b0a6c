'use client';

import { useOnMessage } from '@holdfast/react';
import { useState } from 'react';
import { useChat } from './use-chat.js';

export function Chat() {
  const socket = useChat();
  const [lines, setLines] = useState([]);
  useOnMessage(socket, (line) => setLines((all) => [...all, line].slice(-20)));
  const [text, setText] = useState('');

  function send(event) {
    event.preventDefault();
    if (text === '') return;
    // Kept until the server has it, be there a connection or not.
    socket.send({ text });
    setText('');
  }

  return (
    <>
      <form onSubmit={send}>
        <label htmlFor="text">Say something</label>
        <input id="text" autoComplete="off" value={text} onChange={(event) => setText(event.target.value)} />
        <button>Send</button>
      </form>
      <ol aria-label="Answers">
        {lines.map((line, index) => (
          <li key={index}>{line.text}</li>
        ))}
      </ol>
    </>
  );
}
