import type { MessageData } from '@holdfast/core/protocol';
import { consoleWarnings } from './console-warnings.ts';
import { nodeEnvironment } from './node-environment.ts';
import { checkHttpServer, checkOptions, checkPath, checkTime } from './options.ts';
import type { EngineApp, Sendable, Session } from './session/app.ts';
import { createEngine } from './session/engine.ts';
import { DEFAULT_LIMITS } from './session/limits.ts';
import { Reporter } from './session/reporter.ts';
import { memoryStore } from './stores/memory-store.ts';
import { memoryUserQueues } from './stores/memory-user-queues.ts';
import type { HoldfastServer, ServerOptions } from './types.ts';
import { createWsAdapter } from './ws-adapter.ts';

/**
 * A server for clients with `holdfast()`: takes every message once, acknowledges what was taken, and lets sessions
 * survive their sockets.
 * @throws TypeError or RangeError for an option of the wrong shape, naming it.
 */
export function createServer<Incoming = MessageData, Outgoing = Sendable, Tx = unknown>(
  options: ServerOptions<Incoming, Outgoing, Tx>,
): HoldfastServer<Outgoing> {
  checkOptions(options);
  const environment = nodeEnvironment();
  // What the app's types say of its payloads and transactions holds for the app; the engine passes them on unseen.
  const app: EngineApp = {
    onMessage: options.onMessage.bind(options) as unknown as EngineApp['onMessage'],
    onSession: options.onSession as EngineApp['onSession'],
    onSessionEnd: options.onSessionEnd as EngineApp['onSessionEnd'],
    authenticate: options.authenticate,
    onEvent: options.onEvent ?? consoleWarnings(),
  };
  const store = options.store ?? memoryStore();
  const engine = createEngine(
    {
      ...app,
      store,
      userQueues: store.userQueues ?? memoryUserQueues(),
      positions: options.positions,
      limits: options.limits,
      heartbeat: options.heartbeat,
      admission: options.admission,
    },
    environment,
  );
  const reporter = new Reporter(app, environment);
  const adapter = createWsAdapter({
    engine,
    messageBytes: options.limits?.messageBytes ?? DEFAULT_LIMITS.messageBytes,
    allowedOrigins: options.allowedOrigins,
    clientAddress: options.clientAddress,
    compression: options.compression ?? false,
    onFault: (fault, option) => reporter.fault('listener.failed', fault, { option }),
    onRefused: (status, why, origin) => {
      if (status === 403) engine.limited('allowedOrigins');
      // A client that comes while the server goes is nobody's mistake.
      const level = status === 503 ? 'info' : 'warn';
      reporter.report(level, 'upgrade.refused', why, { status, origin: origin?.slice(0, 256) ?? null });
    },
  });
  return {
    attach(httpServer, { path = '/' } = {}) {
      checkPath(path);
      checkHttpServer(httpServer);
      return adapter.attach(httpServer, path);
    },
    sendTo: (user, data, sendOptions) => engine.sendTo(user, data as Sendable, sendOptions),
    sessions: engine.sessions as ReadonlyMap<string, Session<Outgoing>>,
    metrics: () => engine.metrics(),
    async drain(times = {}) {
      await engine.drain(checkTime('withinMs', times.withinMs));
    },
    async close(times = {}) {
      // Upgrades are answered with 503 to the end: without a listener they would hang.
      await engine.close(checkTime('graceMs', times.graceMs), checkTime('retryAfterMs', times.retryAfterMs));
      adapter.detachAll();
    },
  };
}
