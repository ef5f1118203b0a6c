import { Lines } from 'lines';
import { createContext, createElement, useContext, useEffect, useLayoutEffect, useState } from 'react';
import reactUseWebSocket from 'react-use-websocket';
import { committed, rendered, told } from 'report';

// Its bundle is CommonJS: what is default depends on the bundler.
const useWebSocket = reactUseWebSocket.default ?? reactUseWebSocket;
const Url = createContext('');

/** @type {import('./contender.mjs').ReactContender} */
export const contender = {
  name: 'react-use-websocket, unfiltered',
  settings: 'share: true, each component picks its own messages; as above for the rest',
  Connection: ({ url, children }) => createElement(Url, { value: url }, children),
  Topic({ topic }) {
    rendered(topic);
    useLayoutEffect(() => committed(topic));
    const { lastMessage } = useWebSocket(useContext(Url), { share: true });
    const [messages, setMessages] = useState([]);
    useEffect(() => {
      if (lastMessage?.data.startsWith(`${topic}:`)) {
        setMessages((before) => before.concat(lastMessage.data).slice(-50));
      }
    }, [topic, lastMessage]);
    useLayoutEffect(() => told(messages), [messages]);
    return createElement(Lines, { messages });
  },
};
