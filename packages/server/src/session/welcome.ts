import type { Hello, Taken, Welcome } from '@holdfast/core/protocol';
import type { Context } from './context.ts';
import type { ServerSession } from './server-session.ts';

/** What a hello is answered with. A resumed session drops what the client says that it has. */
export function welcome(
  hello: Hello,
  session: ServerSession,
  isResumed: boolean,
  taken: readonly Taken[],
  context: Context,
): Welcome {
  const { environment, limits, heartbeat } = context;
  return {
    session: session.id,
    key: session.key,
    epoch: session.epoch,
    resumed: isResumed,
    ...(isResumed ? session.resumeAfter(hello.received as number) : { offset: 0, ...unknownSession(hello) }),
    taken,
    identity: environment.hashIdentity(session.identity),
    heartbeat,
    window: limits.window,
    limits: {
      messageBytes: limits.messageBytes,
      producers: limits.producers,
      producerTtlMs: limits.producerTtlMs,
    },
    time: Math.trunc(environment.wallClock()),
  };
}

/** What a client lost whose session the server does not have: nobody knows how much. */
function unknownSession(hello: Hello): Pick<Welcome, 'lost'> {
  if (hello.received === undefined) return {};
  return { lost: { reason: 'unknown-session', from: hello.received + 1, to: null } };
}
