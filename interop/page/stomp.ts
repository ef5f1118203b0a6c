import { Client, Versions } from '@stomp/stompjs';
import { stompPing } from '@holdfast/core/pings';
import { BEAT_MS } from '../agreed.ts';
import { RETRY_MS, type StartClient } from './client.ts';

export const startStomp: StartClient = (url, withPing, isStrict) => {
  const heard: string[] = [];
  const WebSocketClass = withPing(stompPing(BEAT_MS));
  const client = new Client({
    webSocketFactory: () => new WebSocketClass(url, Versions.default.protocolVersions()),
    reconnectDelay: RETRY_MS,
    // This broker keeps up only one direction. Its beats are what answers the ping: they must come before the deadline.
    heartbeatOutgoing: 0,
    heartbeatIncoming: BEAT_MS,
    // Unless it is strict, it is not the library that notices a lost connection.
    heartbeatToleranceMultiplier: isStrict ? 2 : 1_000,
  });
  client.onConnect = () => {
    client.subscribe('/news', ({ body }) => heard.push(body));
  };
  client.activate();
  return { heard, say: (body) => client.publish({ destination: '/said', body }) };
};
