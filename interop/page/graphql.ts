import { type ClientOptions, createClient } from 'graphql-ws';
import { graphqlPing } from '@holdfast/core/pings';
import { RETRY_MS, type StartClient, STRICT_MS } from './client.ts';

export const startGraphql: StartClient = (url, withPing, isStrict) => {
  const heard: string[] = [];
  const client = createClient({
    url,
    webSocketImpl: withPing(graphqlPing()),
    retryAttempts: Infinity,
    // By itself it takes the error event of a refused attempt for something that no retry can help.
    shouldRetry: () => true,
    retryWait: () => new Promise((resolve) => setTimeout(resolve, RETRY_MS)),
    ...(isStrict && strict(() => client.terminate())),
  });
  const ignore = (): void => {};
  client.subscribe<{ news: string }>(
    { query: 'subscription { news }' },
    {
      next: ({ data }) => {
        if (data) heard.push(data.news);
      },
      error: raise,
      complete: ignore,
    },
  );
  return {
    heard,
    say: (text) => {
      client.subscribe(
        { query: 'mutation ($text: String!) { say(text: $text) }', variables: { text } },
        { next: ignore, error: raise, complete: ignore },
      );
    },
  };
};

/** Ends the connection when a pong takes too long, as the library's documentation shows it. */
function strict(terminate: () => void): Pick<ClientOptions, 'keepAlive' | 'on'> {
  let deadline: ReturnType<typeof setTimeout>;
  return {
    keepAlive: STRICT_MS,
    on: {
      ping: (isReceived) => {
        if (!isReceived) deadline = setTimeout(terminate, STRICT_MS);
      },
      pong: (isReceived) => {
        if (isReceived) clearTimeout(deadline);
      },
    },
  };
}

/** Out of the library and up to the page, where the test sees it. */
function raise(error: unknown): void {
  queueMicrotask(() => {
    throw error instanceof Error ? error : new Error(JSON.stringify(error));
  });
}
