import type { ConnectionState, ErrorCode } from '@holdfast/core';

export type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'calm';

export interface Explanation {
  readonly word: string;
  readonly tone: Tone;
  readonly sentence: string;
}

const faults: { readonly [code in ErrorCode]?: string } = {
  CONNECTION_LOST: 'The connection broke off.',
  CONNECT_FAILED: 'The server could not be reached.',
  CONNECT_TIMEOUT: 'Connecting took too long.',
  HEARTBEAT_MISSED: 'The server gave no sign of life in time.',
  SERVER_BUSY: 'The server is restarting or busy.',
  SESSION_TAKEN_OVER: 'Another page took the session over.',
};

/** A state of the connection in words. */
export function explain({ phase, reason, error }: ConnectionState): Explanation {
  const fault = error === null ? null : (faults[error.code] ?? sentence(error.message));
  switch (phase) {
    case 'idle':
      return { word: 'Idle', tone: 'calm', sentence: 'Not started yet.' };
    case 'connecting':
      return { word: 'Connecting', tone: 'busy', sentence: fault ?? 'Calling the server.' };
    case 'open':
      return { word: 'Open', tone: 'good', sentence: 'Messages flow.' };
    case 'waiting':
      return {
        word: reason === 'offline' ? 'Offline' : 'Waiting',
        tone: 'warn',
        sentence: fault ?? (reason === 'offline' ? 'This device has no network.' : 'The next try comes by itself.'),
      };
    case 'paused':
      return {
        word: 'Paused',
        tone: 'calm',
        sentence: reason === 'frozen' ? 'The browser has frozen this page.' : 'By you. Messages wait in the queue.',
      };
    case 'suspended':
      return { word: 'Suspended', tone: 'bad', sentence: fault ?? 'It gave up; “Connect” tries again.' };
    case 'closing':
      return { word: 'Closing', tone: 'calm', sentence: 'The conversation ends.' };
    case 'closed':
      return { word: 'Closed', tone: 'bad', sentence: fault ?? 'The conversation has ended.' };
  }
}

function sentence(text: string): string {
  const trimmed = text.trim();
  const first = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
