import { describe, expect, it } from 'vitest';
import { graphqlPing, mqttPing, phoenixPing, stompPing, type Ping } from '../pings.ts';

function answers(ping: Ping, messages: readonly unknown[]): unknown[] {
  return messages.filter((message) => ping.isPong?.(message));
}

const NO_ANSWERS = ['', 'pong', '"pong"', 'null', '[]', '{"type":', new Blob(['x']), new ArrayBuffer(0), null, 7];

describe('graphqlPing', () => {
  it('sends the ping of graphql-transport-ws and knows its pong, however it is written', () => {
    const ping = graphqlPing();
    expect(JSON.parse(String(ping.data()))).toEqual({ type: 'ping' });
    const pongs = ['{"type":"pong"}', '{ "payload": {"a": 1}, "type": "pong" }'];
    expect(answers(ping, pongs)).toEqual(pongs);
  });

  it('leaves the rest to the app, the pings of the server and what only looks like a pong, too', () => {
    const others = ['{"type":"ping"}', '{"id":"1","type":"next","payload":{"data":{"type":"pong"}}}', '{"type":"pong"'];
    expect(answers(graphqlPing(), [...others, ...NO_ANSWERS])).toEqual([]);
  });
});

describe('mqttPing', () => {
  // MQTT 3.1.1 sections 3.12 and 3.13, MQTT 5 the same: packet types 12 and 13, flags 0, remaining length 0.
  it('sends PINGREQ and knows PINGRESP as every binary type', () => {
    const ping = mqttPing();
    expect(ping.data()).toEqual(new Uint8Array([12 << 4, 0]));
    const bytes = new Uint8Array([1, 13 << 4, 0]);
    const pongs = [bytes.slice(1).buffer, bytes.slice(1), bytes.subarray(1), new DataView(bytes.buffer, 1)];
    expect(answers(ping, pongs)).toEqual(pongs);
  });

  it('leaves the rest to the app: other packets, several in one message, text', () => {
    const others = [[0xc0, 0], [0xd0, 1], [0xd0], [0xd0, 0, 0x30, 2], [0x40, 2, 0, 1]].map((bytes) =>
      Uint8Array.from(bytes),
    );
    expect(answers(mqttPing(), [...others, '\xd0\0', ...NO_ANSWERS])).toEqual([]);
  });
});

describe('stompPing', () => {
  it('sends a line feed, and takes nothing from the app: STOMP has no answer', () => {
    expect([stompPing().data(), stompPing().isPong]).toEqual(['\n', undefined]);
  });
});

describe('phoenixPing', () => {
  // [join_ref, ref, topic, event, payload]; the reply carries the ref of the push.
  const replyTo = (push: unknown): string => {
    const [joinRef, ref, topic] = JSON.parse(String(push)) as unknown[];
    return JSON.stringify([joinRef, ref, topic, 'phx_reply', { status: 'ok', response: {} }]);
  };

  it('sends a heartbeat with a reference of its own, and knows the reply', () => {
    const ping = phoenixPing();
    const [first, second] = [ping.data(), ping.data()];
    expect(JSON.parse(String(first))).toEqual([null, expect.any(String), 'phoenix', 'heartbeat', {}]);
    expect(first).not.toBe(second);
    expect(answers(ping, [replyTo(first), replyTo(second)])).toHaveLength(2);
  });

  it('leaves the replies to phoenix.js, and messages of channels', () => {
    const others = [
      replyTo('[null,"7","phoenix","heartbeat",{}]'),
      '["1","holdfast-1","room:1","phx_reply",{"status":"ok","response":{}}]',
      '["1",null,"phoenix","new_msg",{"body":"holdfast-1"}]',
      '{"topic":"phoenix","event":"phx_reply","ref":"holdfast-1","payload":{}}',
      '["holdfast-1"',
    ];
    expect(answers(phoenixPing(), [...others, ...NO_ANSWERS])).toEqual([]);
  });
});
