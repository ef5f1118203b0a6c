import { holdfast } from '@holdfast/core';
import { useConnectionState, useMessages, useSocket } from '@holdfast/react';
import { useState, type ReactNode } from 'react';

/** The test edits this file while messages come. */
export function Chat(): ReactNode {
  const socket = useSocket<number>('/socket', { protocol: holdfast() });
  const phase = useConnectionState(socket, (state) => state.phase);
  const [mark] = useState('.');
  const numbers = useMessages(socket, { limit: 20_000 });
  return (
    <>
      <h1>Before</h1>
      <p>
        {phase}
        {mark}
      </p>
      <output>{numbers.join()}</output>
    </>
  );
}
