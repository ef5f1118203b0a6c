import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt, { type MqttClient } from 'mqtt';
import { findMosquitto } from '../../scripts/find-mosquitto.mjs';
import { listen, type Server } from './server.ts';

/** How many clients the broker has, told every second. */
const CLIENTS = '$SYS/broker/clients/connected';

export interface Broker extends Server {
  /** Where it speaks MQTT without WebSockets. */
  readonly plainPort: number;
}

/** Eclipse Mosquitto, a process of its own, with a listener for WebSockets and one for plain MQTT. */
export async function startMosquitto(): Promise<Broker> {
  const { path, reason } = findMosquitto();
  if (path === undefined) throw new Error(reason);
  const [port, plainPort] = [await freePort(), await freePort()];
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-mosquitto-'));
  const config = join(folder, 'mosquitto.conf');
  // A broker with no listener but one for WebSockets ends at once (2.0.11); the plain one is also where we listen in.
  const listeners = [`listener ${plainPort} 127.0.0.1`, `listener ${port} 127.0.0.1`, 'protocol websockets'];
  writeFileSync(config, [...listeners, 'allow_anonymous true', 'sys_interval 1', ''].join('\n'));

  const said: string[] = [];
  let live = 0;
  let broker: ChildProcess;
  let observer: MqttClient;
  const start = async (): Promise<void> => {
    broker = spawn(path, ['-c', config], { stdio: 'ignore' });
    observer = mqtt.connect({ host: '127.0.0.1', port: plainPort, reconnectPeriod: 50 });
    observer.on('message', (topic, payload) => {
      if (topic === 'said') said.push(payload.toString());
      // The observer is one of them.
      else live = Number(payload.toString()) - 1;
    });
    // Until the broker listens it is refused, and tries again.
    observer.on('error', () => {});
    await new Promise<void>((resolve, reject) => {
      observer.once('connect', () => resolve());
      broker.once('exit', (code) => {
        observer.end(true);
        reject(new Error(`mosquitto ended with ${code}`));
      });
    });
    await observer.subscribeAsync(['said', CLIENTS]);
  };
  const stop = async (): Promise<void> => {
    const exited = new Promise((resolve) => broker.once('exit', resolve));
    broker.kill('SIGKILL');
    await exited;
    live = 0;
  };
  // A worker that is stopped in the middle of a test leaves no broker behind.
  const kill = (): void => void broker.kill('SIGKILL');
  process.once('exit', kill);
  await start();
  return {
    port,
    plainPort,
    said,
    publish: (text) => void observer.publish('news', text),
    live: () => live,
    stop,
    start,
    [Symbol.asyncDispose]: async () => {
      process.off('exit', kill);
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** One that was free a moment ago: the broker's configuration needs a number. */
async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server, 0);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
