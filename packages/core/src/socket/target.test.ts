import { afterEach, describe, expect, it, vi } from 'vitest';
import { allTurns } from '../testing-fakes/fake-environment.fixture.ts';
import { findTarget, webSocketUrl } from './target.ts';

afterEach(() => vi.unstubAllGlobals());

describe('webSocketUrl', () => {
  it.each<[given: string | URL, url: string]>([
    ['http://server.example/a#part', 'ws://server.example/a'],
    ['https://server.example', 'wss://server.example/'],
    ['ws://server.example/?q=1', 'ws://server.example/?q=1'],
    ['HTTPS://SERVER.example/A', 'wss://server.example/A'],
    [new URL('wss://server.example/x#y'), 'wss://server.example/x'],
  ])('takes %s as %s', (given, url) => {
    expect(webSocketUrl(given)).toBe(url);
  });

  it('takes a path from where the page is', () => {
    vi.stubGlobal('location', { href: 'https://app.example/deep/page' });
    expect([webSocketUrl('/socket'), webSocketUrl('socket')]).toEqual([
      'wss://app.example/socket',
      'wss://app.example/deep/socket',
    ]);
  });

  it('leaves a URL object of the app as it is', () => {
    const url = new URL('https://server.example/#a');
    webSocketUrl(url);
    expect(url.href).toBe('https://server.example/#a');
  });

  it.each(['ftp://server.example', 'not a url', '', '/socket', 'ws://'])('throws at %j', (given) => {
    expect(() => webSocketUrl(given)).toThrow(TypeError);
  });
});

describe('findTarget', () => {
  it('asks for URL and token at the same time', async () => {
    const asked: string[] = [];
    const gives: (() => void)[] = [];
    const target = findTarget(
      () => {
        asked.push('url');
        return new Promise((resolve) => gives.push(() => resolve('https://server.example')));
      },
      () => {
        asked.push('auth');
        return new Promise((resolve) => gives.push(() => resolve('token')));
      },
      ['a'],
    );
    await allTurns();
    expect(asked).toEqual(['url', 'auth']);
    for (const give of gives) give();
    expect(await target).toEqual({ url: 'wss://server.example/', token: 'token', protocols: ['a'] });
  });

  it.each([
    ['eyJhbGciOi.J9-_', 'holdfast.auth.eyJhbGciOi.J9-_'],
    ['a b(c)/=é', 'holdfast.auth.a%20b%28c%29%2F%3D%C3%A9'],
    ['', 'holdfast.auth.'],
  ])('offers the token %j as a subprotocol where it has to, and in no message then', async (token, offered) => {
    const target = await findTarget(
      () => 'ws://server.example',
      () => token,
      ['a'],
      true,
    );
    expect(target).toEqual({ url: 'ws://server.example/', token: null, protocols: ['a', offered] });
    // What RFC 7230 lets a token of a header have.
    expect(offered).toMatch(/^[\w!#$%&'*+.^`|~-]+$/);
    expect(decodeURIComponent(offered.slice('holdfast.auth.'.length))).toBe(token);
  });

  it('tells of a token that no header can carry', async () => {
    expect(
      await findTarget(
        () => 'ws://server.example',
        () => '\ud800',
        [],
        true,
      ),
    ).toMatchObject({
      failure: { code: 'TOKEN_FAILED' },
    });
    expect(await findTarget(() => 'ws://server.example', null, ['a'], true)).toMatchObject({ protocols: ['a'] });
  });

  it('has no token without auth', async () => {
    expect(await findTarget(() => 'ws://server.example', null, [])).toMatchObject({ token: null });
  });

  const url = (): string => 'ws://server.example';
  const secret = (text: string): Promise<never> => Promise.reject(new Error(text));
  const thrown = (): never => {
    throw new Error('secret');
  };

  it.each<[string, () => unknown, (() => unknown) | null, string]>([
    ['url throws', thrown, null, 'URL_FAILED'],
    ['url rejects', () => secret('secret'), null, 'URL_FAILED'],
    ['url gives no URL', () => 'secret, not a url', null, 'URL_FAILED'],
    ['url gives a URL of another kind', () => 'ftp://secret.example', null, 'URL_FAILED'],
    ['url gives nothing', () => undefined, null, 'URL_FAILED'],
    ['url gives a number', () => 7, null, 'URL_FAILED'],
    ['url gives a symbol', () => Symbol('secret'), null, 'URL_FAILED'],
    ['auth throws', url, thrown, 'TOKEN_FAILED'],
    ['auth rejects', url, () => secret('secret'), 'TOKEN_FAILED'],
    ['auth gives no text', url, () => 7, 'TOKEN_FAILED'],
    ['auth gives nothing', url, () => undefined, 'TOKEN_FAILED'],
    ['both fail', thrown, thrown, 'URL_FAILED'],
  ])('%s: gives the failure with its cause, and quotes nothing', async (_name, where, token, code) => {
    const found = await findTarget(where as () => string, token as (() => string) | null, []);
    expect(found).toEqual({ failure: { code, message: expect.any(String), cause: expect.anything() } });
    if ('failure' in found) expect(found.failure.message).not.toContain('secret');
  });
});
