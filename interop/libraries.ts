/** The libraries under test. Each reconnects by itself and takes the WebSocket class from its user. */
export const LIBRARIES = ['graphql-ws', '@trpc/client', 'y-websocket', 'mqtt', '@stomp/stompjs'] as const;

export type Library = (typeof LIBRARIES)[number];
