import { createElement } from 'react';

/** What every contender shows: how many messages it holds, and the newest 50 of them. @param {{ messages: readonly string[] }} props */
export function Lines({ messages }) {
  const first = Math.max(0, messages.length - 50);
  return createElement(
    'ul',
    null,
    messages.length,
    messages.slice(first).map((text, index) => createElement('li', { key: first + index }, text)),
  );
}
