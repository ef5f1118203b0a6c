import { afterEach, describe, expect, it, vi } from 'vitest';
import { FakeEnvironment } from '../testing-fakes/fake-environment.fixture.ts';
import { diagnose, type DiagnoseEnvironment, type DiagnoseOptions, type TrialSocket } from './diagnose.ts';
import type { Diagnosis } from './diagnosis.ts';

/** What the network does with a request: a status, 0 for one that may not be read, a failure, or nothing for ever. */
type Network = (url: string, init: RequestInit) => number | 'fail' | 'hang';

/** A page and what is around it, in the hand of a test. */
class Surroundings implements DiagnoseEnvironment {
  readonly clock = new FakeEnvironment();
  page: string | null = 'https://app.example/page';
  online = true;
  worker = false;
  readonly requests: { readonly url: string; readonly init: RequestInit }[] = [];
  readonly sockets: (TrialSocket & { readonly url: string; readonly protocols: readonly string[]; closes: number })[] =
    [];
  network: Network = () => 'fail';
  /** What the constructor throws. */
  fault: Error | null = null;
  /** What becomes of the handshake, by close code. */
  handshake: 'open' | 'hang' | number = 1006;
  tellPolicy: (blockedUri: string) => void = () => {};
  policySignal: AbortSignal | null = null;

  isOnline = (): boolean => this.online;
  hasServiceWorker = (): boolean => this.worker;
  setTimer = (ms: number, run: () => void): (() => void) => this.clock.setTimer(ms, run);

  openWebSocket = (url: string, protocols: readonly string[]): TrialSocket => {
    if (this.fault !== null) throw this.fault;
    const socket: (typeof this.sockets)[number] = {
      url,
      protocols,
      closes: 0,
      onopen: null,
      onclose: null,
      close: () => {
        socket.closes += 1;
      },
    };
    this.sockets.push(socket);
    const { handshake } = this;
    if (handshake === 'open') queueMicrotask(() => socket.onopen?.({} as never));
    if (typeof handshake === 'number') queueMicrotask(() => socket.onclose?.({ code: handshake }));
    return socket;
  };

  fetch = (url: string, init: RequestInit): Promise<{ status: number }> => {
    this.requests.push({ url, init });
    const outcome = this.network(url, init);
    return new Promise((resolve, reject) => {
      if (typeof outcome === 'number') resolve({ status: outcome });
      else if (outcome === 'fail') reject(new TypeError('Failed to fetch'));
      init.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error));
    });
  };

  observePolicy = (tell: (blockedUri: string) => void, signal: AbortSignal): void => {
    this.tellPolicy = tell;
    this.policySignal = signal;
  };

  async diagnose(url = 'wss://server.example/socket?token=secret', options: DiagnoseOptions = {}): Promise<Diagnosis> {
    const diagnosis = diagnose(url, { environment: this, ...options });
    diagnosis.catch(() => {});
    await this.clock.advance(60_000);
    return diagnosis;
  }

  /** The requests, without what is the same in all of them. */
  get asked(): string[] {
    return this.requests.map(({ url, init }) => `${init.method ?? 'GET'} ${init.mode ?? 'cors'} ${url}`);
  }
}

function around(changes: Partial<Surroundings> = {}): Surroundings {
  return Object.assign(new Surroundings(), changes);
}

/** The server of the page answers, the other one as `other` says. */
const network =
  (other: Network): Network =>
  (url, init) =>
    url.startsWith('https://app.example') ? 204 : other(url, init);
const opaqueOnly: Network = (_, { mode }) => (mode === 'no-cors' ? 0 : 'fail');

afterEach(() => vi.unstubAllGlobals());

describe('a handshake that succeeds', () => {
  it('is open for certain, asks for nothing more and leaves nothing', async () => {
    const world = around({ handshake: 'open' });
    const diagnosis = await world.diagnose(undefined, { protocols: ['holdfast.v1'] });
    expect(diagnosis).toEqual({
      cause: 'open',
      certainty: 'certain',
      status: 101,
      evidence: ['a WebSocket to server.example opened'],
    });
    expect(world.sockets).toMatchObject([
      { url: 'wss://server.example/socket?token=secret', protocols: ['holdfast.v1'], closes: 1, onclose: null },
    ]);
    expect([world.requests, world.clock.timers, world.policySignal?.aborted]).toEqual([[], 0, true]);
  });
});

describe('the page', () => {
  it('of https that opens ws: is told by the exception', async () => {
    const fault = Object.assign(new Error('insecure'), { name: 'SecurityError' });
    const world = around({ fault });
    expect(await world.diagnose('ws://server.example/')).toMatchObject({
      cause: 'mixed-content',
      certainty: 'certain',
    });
    expect(world.requests).toEqual([]);
    expect(await world.diagnose('wss://server.example/')).toMatchObject({
      cause: 'blocked',
      certainty: 'certain',
      evidence: [expect.stringContaining('SecurityError'), expect.any(String)],
    });
  });

  it.each([
    ['ws://server.example/', 'mixed-content'],
    ['ws://localhost:8080/', 'refused'],
    ['ws://127.0.0.1:8080/', 'refused'],
    ['ws://[::1]:8080/', 'refused'],
    ['ws://dev.localhost/', 'refused'],
    ['ws://localhost.example/', 'mixed-content'],
  ])('of https that fails without an exception: %s is %s', async (url, cause) => {
    expect(await around({ network: () => 403 }).diagnose(url)).toMatchObject({ cause });
  });

  it('of http may open both', async () => {
    const world = around({ page: 'http://app.example/', network: () => 403 });
    expect(await world.diagnose('ws://server.example/')).toMatchObject({ cause: 'refused' });
  });
});

describe('the Content-Security-Policy', () => {
  it('is known by its event, be it that the socket hears nothing at all', async () => {
    const world = around({ handshake: 'hang' });
    const diagnosis = diagnose('wss://server.example/socket', { environment: world });
    world.tellPolicy('eval');
    world.tellPolicy('wss://server.example.evil/socket');
    world.tellPolicy('wss://server.example/socket');
    await world.clock.advance(0);
    expect(await diagnosis).toMatchObject({ cause: 'csp', certainty: 'certain', status: null });
    expect([world.requests, world.sockets[0]?.closes]).toEqual([[], 1]);
  });

  it('is known by its event after an exception, too', async () => {
    const world = around({ fault: Object.assign(new Error(''), { name: 'NS_ERROR_CONTENT_BLOCKED' }) });
    const diagnosis = diagnose('wss://server.example/socket', { environment: world });
    world.tellPolicy('wss://server.example');
    await world.clock.advance(0);
    expect(await diagnosis).toMatchObject({ cause: 'csp' });
  });

  it('that forbids the plain request only is no cause, and makes it a guess', async () => {
    const world = around({
      network: network((url) => {
        world.clock.setTimer(0, () => world.tellPolicy(url));
        return 'fail';
      }),
    });
    expect(await world.diagnose()).toMatchObject({
      cause: 'unreachable',
      certainty: 'guess',
      evidence: expect.arrayContaining([expect.stringContaining('Content-Security-Policy forbids')]) as unknown,
    });
  });
});

describe('a server that answers', () => {
  it.each([401, 403, 404, 426, 503])('with a readable %i has refused for certain', async (status) => {
    const world = around({ network: network(() => status) });
    expect(await world.diagnose()).toMatchObject({ cause: 'refused', certainty: 'certain', status });
  });

  it('with what the page may not read has refused, too', async () => {
    const world = around({ network: network(opaqueOnly) });
    expect(await world.diagnose()).toMatchObject({ cause: 'refused', certainty: 'certain', status: null });
  });

  it('plain requests only has left the handshake unanswered', async () => {
    const world = around({ network: network(() => 200), handshake: 'hang' });
    expect(await world.diagnose()).toMatchObject({ cause: 'unanswered', certainty: 'certain', status: 200 });
  });

  it('may have been a service worker', async () => {
    const world = around({ network: () => 200, worker: true });
    expect(await world.diagnose()).toMatchObject({ cause: 'refused', certainty: 'likely' });
    // Its answer says nothing of the network: the page's own server is not asked.
    expect(world.asked.filter((request) => request.includes('app.example'))).toEqual([]);
  });

  it('is asked once where it is the own one', async () => {
    const world = around({ network: () => 403 });
    expect(await world.diagnose('/socket')).toMatchObject({ cause: 'refused', status: 403 });
    expect(world.asked).toEqual(['GET cors https://app.example/socket']);
  });

  it('with a redirect has refused: a handshake follows none', async () => {
    const world = around({ network: () => 0 });
    expect(await world.diagnose('/socket')).toMatchObject({ cause: 'refused', status: null });
    expect(world.requests[0]?.init).toMatchObject({ redirect: 'manual', cache: 'no-store' });
  });
});

describe('TLS', () => {
  it('is named by close code 1015, whatever else is seen', async () => {
    const world = around({ handshake: 1015, network: network(() => 'fail') });
    expect(await world.diagnose()).toMatchObject({ cause: 'tls', certainty: 'certain' });
  });

  it('is likely where the port answers without it', async () => {
    const world = around({
      page: 'http://app.example/',
      network: (url) => (url.startsWith('http://') ? 0 : 'fail'),
    });
    expect(await world.diagnose()).toMatchObject({ cause: 'tls', certainty: 'likely' });
    // Nothing secret goes out in the clear: neither path nor query.
    expect(world.asked).toContain('GET no-cors http://server.example:443/');
    expect(world.asked.filter((request) => request.includes('secret')).every((each) => each.includes('https:'))).toBe(
      true,
    );
  });

  it('can not be told from a closed port otherwise', async () => {
    const world = around({ network: network(() => 'fail') });
    expect(await world.diagnose()).toMatchObject({
      cause: 'unreachable',
      certainty: 'guess',
      evidence: expect.arrayContaining([expect.stringContaining('TLS')]) as unknown,
    });
    // From a page of https the browser would block the request without TLS.
    expect(world.asked.filter((request) => request.includes('http://'))).toEqual([]);
  });
});

describe('nothing that answers', () => {
  it('while the page has its server: unreachable', async () => {
    const page = 'http://app.example/';
    const own =
      (other: Network): Network =>
      (url, init) =>
        url.startsWith(page) ? 204 : other(url, init);
    const closed = around({ page, network: own(() => 'fail') });
    expect(await closed.diagnose('ws://server.example/')).toMatchObject({ cause: 'unreachable', certainty: 'guess' });
    const hole = around({ network: network(() => 'hang'), handshake: 'hang' });
    expect(await hole.diagnose()).toMatchObject({ cause: 'unreachable', certainty: 'likely' });
  });

  it('and no network, as the browser says: offline', async () => {
    const world = around({ online: false });
    expect(await world.diagnose()).toMatchObject({ cause: 'offline', certainty: 'certain' });
    expect(await around({ online: false, page: null }).diagnose()).toMatchObject({
      cause: 'offline',
      certainty: 'likely',
    });
  });

  it('though the browser says that there is a network: offline where it is another server than the own', async () => {
    expect(await around().diagnose()).toMatchObject({ cause: 'offline', certainty: 'likely' });
    expect(await around().diagnose('wss://app.example:8443/')).toMatchObject({ cause: 'unreachable' });
    expect(await around().diagnose('/socket')).toMatchObject({ cause: 'unreachable', certainty: 'likely' });
  });

  it('is not offline while the own server answers', async () => {
    const world = around({ online: false, network: network(() => 'fail') });
    expect(await world.diagnose()).toMatchObject({ cause: 'unreachable' });
  });

  it('on a page without a server of its own', async () => {
    const world = around({ page: 'file:///app/index.html' });
    expect(await world.diagnose('ws://server.example/')).toMatchObject({ cause: 'unreachable', certainty: 'guess' });
    expect(world.asked).toHaveLength(2);
  });
});

describe('the limits', () => {
  it('are timeoutMs for the handshake and again for the requests', async () => {
    const world = around({ handshake: 'hang', network: () => 'hang' });
    let isOver = false;
    const diagnosis = diagnose('wss://server.example', { environment: world, timeoutMs: 300 }).finally(() => {
      isOver = true;
    });
    await world.clock.advance(300);
    expect([world.sockets[0]?.closes, world.requests.length, isOver]).toEqual([1, 3, false]);
    await world.clock.advance(299);
    expect(isOver).toBe(false);
    await world.clock.advance(1);
    expect(await diagnosis).toMatchObject({
      evidence: expect.arrayContaining([expect.stringContaining('300 ms')]) as unknown,
    });
  });

  it('are the signal, too: whatever runs ends, with its reason', async () => {
    for (const afterMs of [100, 5_500]) {
      const world = around({ handshake: 'hang', network: () => 'hang' });
      const controller = new AbortController();
      const diagnosis = diagnose('wss://server.example', { environment: world, signal: controller.signal });
      diagnosis.catch(() => {});
      await world.clock.advance(afterMs);
      controller.abort('enough');
      await world.clock.advance(0);
      await expect(diagnosis).rejects.toBe('enough');
      expect([world.sockets[0]?.closes, world.clock.timers]).toEqual([1, 0]);
      expect(world.requests.every(({ init }) => init.signal?.aborted)).toBe(true);
    }
  });

  it('are a signal that was aborted before: nothing is tried', async () => {
    const world = around();
    await expect(world.diagnose(undefined, { signal: AbortSignal.abort('before') })).rejects.toBe('before');
    expect(world.sockets).toEqual([]);
  });
});

describe('what is wrong at the call', () => {
  it.each([['http://'], ['ftp://server.example'], ['mailto:a@b'], [7 as never]])('%s is no address', async (url) => {
    await expect(around({ page: null }).diagnose(url)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  });

  it('are subprotocols that a WebSocket does not take, and times', async () => {
    const fault = Object.assign(new Error('twice'), { name: 'SyntaxError' });
    const options = { protocols: ['a', 'a'] };
    await expect(around({ fault }).diagnose(undefined, options)).rejects.toThrow(/protocols/);
    await expect(around().diagnose(undefined, { timeoutMs: 0 })).rejects.toThrow(/timeoutMs/);
  });

  it('is not https: where a socket takes it', async () => {
    const world = around({ handshake: 'open' });
    expect(await world.diagnose('https://ada:secret@server.example/socket#part')).toMatchObject({ cause: 'open' });
    expect(world.sockets[0]?.url).toBe('wss://server.example/socket');
  });
});

it('never tells path or query, which may hold a token', async () => {
  const texts = await Promise.all(
    (['open', 'hang', 1006, 1015] as const).map(async (handshake) => {
      const world = around({ handshake, network: network(() => 'fail') });
      return (await world.diagnose()).evidence.join();
    }),
  );
  expect(texts.join()).not.toMatch(/secret|\/socket/);
});

it('takes the browser as it is', async () => {
  const policy = Object.assign(new EventTarget(), { name: 'document' });
  vi.stubGlobal('document', policy);
  vi.stubGlobal('location', { href: 'https://app.example/' });
  vi.stubGlobal('navigator', { onLine: false, serviceWorker: { controller: null } });
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
  const block = (disposition: string): void => {
    const event = Object.assign(new Event('securitypolicyviolation'), {
      blockedURI: 'wss://server.example/',
      disposition,
    });
    policy.dispatchEvent(event);
  };
  vi.stubGlobal(
    'WebSocket',
    class {
      onclose: ((event: { code: number }) => void) | null = null;
      constructor() {
        queueMicrotask(() => {
          block('report');
          this.onclose?.({ code: 1006 });
        });
      }
      close(): void {}
    },
  );
  expect(await diagnose('wss://server.example/')).toMatchObject({ cause: 'offline', certainty: 'certain' });
  const blocked = diagnose('wss://server.example/');
  block('enforce');
  expect(await blocked).toMatchObject({ cause: 'csp' });
});
