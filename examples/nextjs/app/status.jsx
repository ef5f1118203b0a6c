'use client';

import { useConnectionState } from '@holdfast/react';
import { useChat } from './use-chat.js';

export function Status() {
  const phase = useConnectionState(useChat(), (state) => state.phase);
  return (
    <p className="status" role="status" data-phase={phase}>
      {phase}
    </p>
  );
}
