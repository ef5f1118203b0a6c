import { Lines } from 'lines';
import { createContext, createElement, useContext, useEffect, useLayoutEffect, useState } from 'react';
import reactUseWebSocket from 'react-use-websocket';
import { committed, rendered, told } from 'report';

// Its bundle is CommonJS: what is default depends on the bundler.
const useWebSocket = reactUseWebSocket.default ?? reactUseWebSocket;
const Url = createContext('');

/** @type {import('./contender.mjs').ReactContender} */
export const contender = {
  name: 'react-use-websocket, filtered',
  settings:
    'share: true and filter, so that only who is concerned renders; the messages from lastMessage by an effect, as its README has it, but only the newest 50; else defaults',
  Connection: ({ url, children }) => createElement(Url, { value: url }, children),
  Topic({ topic }) {
    rendered(topic);
    useLayoutEffect(() => committed(topic));
    const { lastMessage } = useWebSocket(useContext(Url), {
      share: true,
      filter: ({ data }) => data.startsWith(`${topic}:`),
    });
    const [messages, setMessages] = useState([]);
    useEffect(() => {
      if (lastMessage !== null) setMessages((before) => before.concat(lastMessage.data).slice(-50));
    }, [lastMessage]);
    useLayoutEffect(() => told(messages), [messages]);
    return createElement(Lines, { messages });
  },
};
