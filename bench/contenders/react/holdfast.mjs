import { plain } from '@holdfast/core';
import { SocketProvider, useMessages, useSocket } from '@holdfast/react';
import { Lines } from 'lines';
import { createElement, useLayoutEffect } from 'react';
import { committed, rendered, told } from 'report';

/** @type {import('./contender.mjs').ReactContender} */
export const contender = {
  name: 'Holdfast, useMessages',
  settings: "plain({ codec: 'text' }), useMessages with limit 20,000 and select; else defaults",
  Connection({ url, children }) {
    const socket = useSocket(url, { protocol: plain({ codec: 'text' }) });
    return createElement(SocketProvider, { socket }, children);
  },
  Topic({ topic }) {
    rendered(topic);
    useLayoutEffect(() => committed(topic));
    const messages = useMessages(useSocket(), {
      limit: 20_000,
      select: (text) => (text.startsWith(`${topic}:`) ? text : undefined),
    });
    useLayoutEffect(() => told(messages), [messages]);
    return createElement(Lines, { messages });
  },
};
