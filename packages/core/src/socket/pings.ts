import type { Ping } from '../machines/ping.ts';

/**
 * GraphQL over WebSocket (subprotocol `graphql-transport-ws`): `{"type":"ping"}`, answered by a pong, allowed at any time.
 * Servers from before the protocol had pings close the connection with 4400.
 */
export function graphqlPing(): Ping {
  return {
    data: () => '{"type":"ping"}',
    isPong: (data) => (parsedIf(data, '"pong"') as { type?: unknown } | null)?.type === 'pong',
  };
}

/**
 * MQTT 3.1.1 and 5: PINGREQ and PINGRESP, two bytes each, in binary messages. It has conditions: the first packet of a
 * connection must be the app's CONNECT, and the app must send each packet in one WebSocket message, since a PINGREQ in the
 * midst of another packet breaks it. An answer that the server packs together with other packets, and any answer with
 * `binaryType` `blob`, shows life without being recognized, and reaches the app, whose MQTT client ignores it.
 */
export function mqttPing(): Ping {
  return {
    data: () => Uint8Array.of(0xc0, 0),
    isPong: (data) => {
      const bytes = bytesOf(data);
      return bytes?.length === 2 && bytes[0] === 0xd0 && bytes[1] === 0;
    },
  };
}

/**
 * STOMP 1.1 and 1.2: a line feed, which may stand between any two frames. STOMP has no answer: the server sends
 * line feeds of its own, at the interval that `heart-beat` of CONNECT and CONNECTED agree upon. So it must be agreed upon
 * for both directions. The server's line feeds reach the app.
 * @param serverIntervalMs the server's interval, by default the 10 s that @stomp/stompjs asks for. A server is given
 * twice that time, as the specification recommends a margin: a shorter interval notices a dead link sooner.
 */
export function stompPing(serverIntervalMs = 10_000): Ping {
  return { data: () => '\n', answerMs: 2 * serverIntervalMs };
}

/**
 * Phoenix Channels with the serializer of version 2 (`vsn=2.0.0` in the URL): the message `heartbeat` on the topic
 * `phoenix`. References have a prefix of their own, so that answers to phoenix.js's own heartbeat still reach it.
 */
export function phoenixPing(): Ping {
  let count = 0;
  return {
    data() {
      count += 1;
      return JSON.stringify([null, `${PREFIX}${count}`, 'phoenix', 'heartbeat', {}]);
    },
    isPong(data) {
      const message = parsedIf(data, PREFIX);
      if (!Array.isArray(message)) return false;
      const [, ref, topic, event] = message as unknown[];
      return topic === 'phoenix' && event === 'phx_reply' && typeof ref === 'string' && ref.startsWith(PREFIX);
    },
  };
}

const PREFIX = 'holdfast-';

/** A JSON text that contains `part`, parsed; null for any other. Most messages are not worth the parsing. */
function parsedIf(data: unknown, part: string): unknown {
  if (typeof data !== 'string' || !data.includes(part)) return null;
  try {
    return JSON.parse(data) as unknown;
  } catch {
    // No JSON is no answer.
    return null;
  }
}

function bytesOf(data: unknown): Uint8Array | null {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : null;
}
