import mqtt from 'mqtt';
import { mqttPing } from '@holdfast/core/pings';
import { RETRY_MS, type StartClient, STRICT_MS } from './client.ts';

export const startMqtt: StartClient = (url, withPing, isStrict) => {
  const heard: string[] = [];
  const WebSocketClass = withPing(mqttPing());
  const client = mqtt.connect(url, {
    createWebsocket: (address, protocols) => new WebSocketClass(address, protocols),
    reconnectPeriod: RETRY_MS,
    // It asks after a silence of this many seconds and waits for half as long.
    ...(isStrict && { keepalive: STRICT_MS / 1_000 }),
  });
  client.on('message', (_topic, payload) => heard.push(payload.toString()));
  client.subscribe('news');
  return { heard, say: (text) => void client.publish('said', text) };
};
