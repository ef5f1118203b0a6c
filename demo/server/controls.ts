import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FaultsReport } from '../src/faults/report.ts';
import type { Proxy } from './proxy.ts';
import type { WorkerProcess } from './worker-process.ts';

const MAX_BODY_BYTES = 1_024;
const MAX_DELAY_MS = 5_000;
const MAX_DOWNTIME_MS = 30_000;
const DEFAULT_DOWNTIME_MS = 1_000;
const MAX_DRAIN_MS = 30_000;
const DEFAULT_DRAIN_MS = 3_000;

type Body = { readonly [key: string]: unknown };

/** The buttons: `GET /faults` tells what is wrong, `POST /faults/NAME` changes it and tells the same. */
export class Controls {
  readonly #proxy: Proxy;
  readonly #worker: WorkerProcess;

  constructor(proxy: Proxy, worker: WorkerProcess) {
    this.#proxy = proxy;
    this.#worker = worker;
  }

  async answer(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (name === '') {
      if (request.method !== 'GET') return sendJson(response, 405, { error: 'Use GET' });
      return sendJson(response, 200, this.report());
    }
    if (request.method !== 'POST') return sendJson(response, 405, { error: 'Use POST' });
    let problem: string | null;
    try {
      problem = this.#apply(name, await readBody(request));
    } catch (error) {
      problem = error instanceof Error ? error.message : 'The request could not be read';
    }
    if (problem === null) return sendJson(response, 200, this.report());
    return sendJson(response, 400, { error: problem });
  }

  report(): FaultsReport {
    return {
      ...this.#proxy.faults,
      connections: this.#proxy.connections,
      stranded: this.#proxy.stranded,
      serverPid: this.#worker.pid,
      restarts: this.#worker.restarts,
      isDraining: this.#worker.isDraining,
    };
  }

  /** What is wrong with the request, or null when it is done. */
  #apply(name: string, body: Body): string | null {
    switch (name) {
      case 'cut':
        this.#proxy.cut();
        return null;
      case 'strand':
        this.#proxy.strand();
        return null;
      case 'freeze':
        this.#proxy.freeze();
        return null;
      case 'thaw':
        this.#proxy.thaw();
        return null;
      case 'delay': {
        const delayMs = body['delayMs'];
        if (!isDuration(delayMs, MAX_DELAY_MS)) return `delayMs is a number from 0 to ${MAX_DELAY_MS}`;
        this.#proxy.delay(delayMs);
        return null;
      }
      case 'refuse': {
        const refusing = body['refusing'];
        if (typeof refusing !== 'boolean') return 'refusing is true or false';
        this.#proxy.refuse(refusing);
        return null;
      }
      case 'drain': {
        const withinMs = body['withinMs'] ?? DEFAULT_DRAIN_MS;
        if (!isDuration(withinMs, MAX_DRAIN_MS)) return `withinMs is a number from 0 to ${MAX_DRAIN_MS}`;
        return this.#worker.drain(Math.round(withinMs)) ? null : 'The server is down';
      }
      case 'restart':
      case 'replace': {
        const downtimeMs = body['downtimeMs'] ?? DEFAULT_DOWNTIME_MS;
        if (!isDuration(downtimeMs, MAX_DOWNTIME_MS)) return `downtimeMs is a number from 0 to ${MAX_DOWNTIME_MS}`;
        // Answered at once: the page watches the server come back by the report.
        void this.#worker[name](Math.round(downtimeMs));
        return null;
      }
      default:
        return 'There is no such fault';
    }
  }
}

export function sendJson(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(value));
}

function isDuration(value: unknown, max: number): value is number {
  return typeof value === 'number' && value >= 0 && value <= max;
}

async function readBody(request: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new Error('The body is too large');
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  if (text === '') return {};
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Error('The body is not JSON');
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new Error('The body is not an object');
  return body as Body;
}
