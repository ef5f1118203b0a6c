'use client';

import { holdfast } from '@holdfast/core';
import { useSocket } from '@holdfast/react';

/** The one connection of this app, whoever asks for it. Nothing is opened on the server. */
export function useChat() {
  return useSocket('/socket', { protocol: holdfast() });
}
