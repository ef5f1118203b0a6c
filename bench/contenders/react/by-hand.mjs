import { Lines } from 'lines';
import { createContext, createElement, useContext, useEffect, useLayoutEffect, useMemo, useState } from 'react';
import { committed, rendered, told } from 'report';

const Connected = createContext(null);

/** One listener for all: an event that goes to 50 costs more than what they do with it. */
function createFeed(url) {
  const socket = new WebSocket(url);
  const listeners = new Set();
  socket.onmessage = ({ data }) => {
    for (const listener of listeners) listener(data);
  };
  return { listeners, close: () => socket.close() };
}

/** Gathers what arrives and hands it to React once a frame. */
function useOnceAFrame({ listeners }, topic) {
  const [messages, setMessages] = useState([]);
  useEffect(() => {
    let fresh = [];
    let frame = 0;
    const hear = (text) => {
      if (!text.startsWith(`${topic}:`)) return;
      fresh.push(text);
      frame ||= requestAnimationFrame(() => {
        const added = fresh;
        fresh = [];
        frame = 0;
        setMessages((before) => [...before, ...added]);
      });
    };
    listeners.add(hear);
    return () => {
      cancelAnimationFrame(frame);
      listeners.delete(hear);
    };
  }, [listeners, topic]);
  return messages;
}

/** @type {import('./contender.mjs').ReactContender} */
export const contender = {
  name: 'by hand, once a frame',
  settings:
    "the browser's WebSocket, and a hook that gathers messages and hands them to React once a frame; nothing else",
  Connection({ url, children }) {
    const feed = useMemo(() => createFeed(url), [url]);
    useEffect(() => () => feed.close(), [feed]);
    return createElement(Connected, { value: feed }, children);
  },
  Topic({ topic }) {
    rendered(topic);
    useLayoutEffect(() => committed(topic));
    const messages = useOnceAFrame(useContext(Connected), topic);
    useLayoutEffect(() => told(messages), [messages]);
    return createElement(Lines, { messages });
  },
};
