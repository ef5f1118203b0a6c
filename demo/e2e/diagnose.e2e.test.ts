import { createHash, X509Certificate } from 'node:crypto';
import { createServer as createHttpServer, type RequestListener, type Server as HttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { diagnose as Diagnose } from '@holdfast/core/diagnose';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { makeCertificate } from '../../browsers/certificate.ts';
import { type BrowserName, chromiumArguments, findBrowser } from '../../scripts/find-browser.mjs';
import { bundlePage } from '../../scripts/bundle-page.mjs';
import { missing, temporaryProfile } from './browser.ts';

// What a page can find out, asked in real browsers with real faults.

/** Chromium takes the page's own certificate, and nobody else's. */
const trusted = makeCertificate('127.0.0.1');
const selfSigned = makeCertificate('127.0.0.1');
const servers = new Set<Server>();
const connections = new Set<Socket>();
const at: { [server: string]: string } = {};

beforeAll(async () => {
  const script = await bundlePage(
    fileURLToPath(new URL('../../packages/core/src/diagnose.ts', import.meta.url)),
    'holdfast',
  );
  const page: RequestListener = (request, response) => {
    const status = /^\/(\d{3})$/.exec(request.url ?? '')?.[1];
    if (request.url === '/diagnose.js') {
      response.setHeader('content-type', 'text/javascript').end(script);
    } else if (status !== undefined) {
      response.writeHead(Number(status)).end();
    } else {
      if (request.url === '/csp') response.setHeader('content-security-policy', "connect-src 'self'");
      response
        .setHeader('content-type', 'text/html')
        .end('<!doctype html><title>page</title><script src="/diagnose.js"></script>');
    }
  };
  const working = createHttpServer((_, response) => response.writeHead(426).end());
  void new WebSocketServer({ server: working });
  const gone = createTcpServer();
  const closed = await listen(gone);
  const refusing = (status: number, headers = {}): Promise<string> =>
    listen(refusesUpgrades(createHttpServer((_, response) => response.writeHead(status, headers).end())));
  const tls = createHttpsServer(selfSigned);
  Object.assign(at, {
    page: await listen(refusesUpgrades(createHttpServer(page))),
    securePage: await listen(refusesUpgrades(createHttpsServer(trusted, page))),
    working: await listen(working),
    closed,
    hole: await listen(createTcpServer((socket) => void socket.on('error', () => {}))),
    hidden: await refusing(403),
    readable: await refusing(503, { 'access-control-allow-origin': '*' }),
    corp: await refusing(404, { 'cross-origin-resource-policy': 'same-origin' }),
    deaf: await listen(createHttpServer((_, response) => response.writeHead(200).end()).on('upgrade', () => {})),
    // As nginx does: who speaks plain HTTP to it is told so.
    tls: await listen(
      createTcpServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', (data) => {
          if (data[0] !== 0x16)
            socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
          else {
            socket.pause();
            socket.unshift(data);
            tls.emit('connection', socket);
          }
        });
      }),
    ),
    silentTls: await listen(createHttpsServer(selfSigned)),
  });
  // Last: before, another server might get its port.
  await new Promise((resolve) => gone.close(resolve));
});

afterAll(async () => {
  for (const socket of connections) socket.destroy();
  for (const server of servers) server.close();
});

describe.each(['chromium', 'firefox'] as const)('%s', (name) => {
  describe.skipIf(missing(name) !== null)('finds out', () => {
    const isFirefox = name === 'firefox';
    let browser: Browser;
    let tab: Page;
    let profile: ReturnType<typeof temporaryProfile>;

    beforeAll(async () => {
      profile = temporaryProfile();
      browser = await launch(name, profile.path);
      tab = await browser.newPage();
    });
    afterAll(async () => {
      await browser.close();
      profile[Symbol.dispose]();
    });

    const ask = async (url: string, page = `http://${at['page']}/`, timeoutMs = 10_000): Promise<string> => {
      if (tab.url() !== page) await tab.goto(page);
      const { cause, certainty, status } = await tab.evaluate(
        (target, ms) => holdfast.diagnose(target, { timeoutMs: ms }),
        url,
        timeoutMs,
      );
      return [cause, certainty, status].join(' ').trim();
    };

    test.each([
      ['a working server', () => `ws://${at['working']}`, 'open certain 101'],
      ['a refusal of the own server', () => '/403', 'refused certain 403'],
      ['a missing path of the own server', () => '/404', 'refused certain 404'],
      ['an overloaded own server', () => '/503', 'refused certain 503'],
      ['a refusal of another origin', () => `ws://${at['hidden']}`, 'refused certain'],
      ['a refusal of another origin with CORS', () => `ws://${at['readable']}`, 'refused certain 503'],
      ['a closed port', () => `ws://${at['closed']}`, 'unreachable guess'],
      ['a name that nobody has', () => 'ws://nobody.invalid', 'unreachable guess'],
      ['a server closed to other origins', () => `ws://${at['corp']}`, 'unreachable guess'],
      ['a bad certificate', () => `wss://${at['tls']}`, isFirefox ? 'tls certain' : 'tls likely'],
      // By its version Firefox says so with a close code of its own, or not.
      ['a server without TLS', () => `wss://${at['hidden']}`, isFirefox ? /^tls (certain|likely)$/ : 'tls likely'],
      // Chromium does not tell it from a closed port.
      [
        'a bad certificate, TLS only',
        () => `wss://${at['silentTls']}`,
        isFirefox ? 'tls certain' : 'unreachable guess',
      ],
      ['a closed port for TLS', () => `wss://${at['closed']}`, 'unreachable guess'],
    ])('%s', async (_, url, diagnosis) => {
      expect(await ask(url())).toEqual(typeof diagnosis === 'string' ? diagnosis : expect.stringMatching(diagnosis));
    });

    test('whom only the end of the time tells', async () => {
      expect(await ask(`ws://${at['deaf']}`, undefined, 2_000)).toBe('unanswered certain');
      expect(await ask(`ws://${at['hole']}`, undefined, 2_000)).toBe('unreachable likely');
    });

    test("what the page's Content-Security-Policy forbids", async () => {
      const page = `http://${at['page']}/csp`;
      expect(await ask(`ws://${at['working']}`, page)).toBe('csp certain');
      expect(await ask('/403', page)).toBe('refused certain 403');
    });

    // Firefox takes a certificate of ours only together with all bad ones, and has no emulated network.
    if (isFirefox) return;

    test('from a page of https', async () => {
      const page = `https://page.test:${at['securePage']?.split(':')[1]}/`;
      const named = (server: string): string => `server.test:${at[server]?.split(':')[1]}`;
      expect(await ask(`ws://${named('working')}`, page)).toBe('mixed-content certain');
      expect(await ask(`ws://${at['working']}`, page)).toBe('open certain 101');
      expect(await ask('/404', page)).toBe('refused certain 404');
      expect(await ask(`wss://${named('securePage')}`, page)).toBe('refused certain');
      expect(await ask(`wss://${named('tls')}`, page)).toBe('unreachable guess');
      expect(await ask(`wss://${named('closed')}`, page)).toBe('unreachable guess');
    });

    test('that there is no network', async () => {
      await tab.goto(`http://${at['page']}/`);
      await tab.setOfflineMode(true);
      expect(await ask(`ws://${at['closed']}`)).toBe('offline certain');
      await tab.setOfflineMode(false);
    });
  });
});

/** Given by the page's script. */
declare const holdfast: { readonly diagnose: typeof Diagnose };

function launch(name: BrowserName, profile: string): Promise<Browser> {
  const { path, reason } = findBrowser(name);
  if (path === undefined) throw new Error(reason);
  const key = new X509Certificate(trusted.cert).publicKey.export({ type: 'spki', format: 'der' });
  const takes = createHash('sha256').update(key).digest('base64');
  return puppeteer.launch({
    browser: name === 'chromium' ? 'chrome' : 'firefox',
    executablePath: path,
    userDataDir: profile,
    headless: true,
    args:
      name === 'chromium'
        ? [
            ...chromiumArguments(),
            `--ignore-certificate-errors-spki-list=${takes}`,
            '--host-resolver-rules=MAP *.test 127.0.0.1',
          ]
        : [],
  });
}

/** The entry as one script that leaves what it exports in `holdfast`. */
/** Answers each handshake with 403. */
function refusesUpgrades<Kind extends HttpServer>(server: Kind): Kind {
  server.on('upgrade', (_, socket) => socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n'));
  return server;
}

/** Listens on loopback, until the tests end; gives host and port. */
async function listen(server: Server): Promise<string> {
  servers.add(server);
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
