import { Lines } from 'lines';
import useWebSocket from 'partysocket/use-ws';
import { createContext, createElement, useContext, useEffect, useLayoutEffect, useState } from 'react';
import { committed, rendered, told } from 'report';

const Connected = createContext(null);

/** @type {import('./contender.mjs').ReactContender} */
export const contender = {
  name: 'partysocket, useWebSocket',
  settings:
    'its hook once, for the socket; each component listens to it and keeps the latest message in useState, as a handler of its hook would; else defaults',
  Connection: ({ url, children }) => createElement(Connected, { value: useWebSocket(url) }, children),
  Topic({ topic }) {
    rendered(topic);
    useLayoutEffect(() => committed(topic));
    const socket = useContext(Connected);
    const [message, setMessage] = useState('');
    useEffect(() => {
      const hear = ({ data }) => {
        if (data.startsWith(`${topic}:`)) setMessage(data);
      };
      socket.addEventListener('message', hear);
      return () => socket.removeEventListener('message', hear);
    }, [socket, topic]);
    const [messages, setMessages] = useState([]);
    useEffect(() => {
      if (message !== '') setMessages((before) => before.concat(message).slice(-50));
    }, [message]);
    useLayoutEffect(() => told(messages), [messages]);
    return createElement(Lines, { messages });
  },
};
