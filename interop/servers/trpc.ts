import { initTRPC } from '@trpc/server';
import { applyWSSHandler } from '@trpc/server/adapters/ws';
import { WebSocketServer } from 'ws';
import { News } from './news.ts';
import { serve, type Server, type ServerClass } from './server.ts';

export type Router = ReturnType<typeof routerOf>;

/** @trpc/server on the ws package. */
export function startTrpcServer(ServerClass: ServerClass = WebSocketServer): Promise<Server> {
  return serve((http, said) => {
    const news = new News();
    const wss = new ServerClass({ server: http });
    applyWSSHandler({ wss, router: routerOf(news, said) });
    return {
      publish: (text) => news.publish(text),
      live: () => wss.clients.size,
      kill: () => {
        for (const client of wss.clients) client.terminate();
      },
    };
  });
}

// Its type is a computed one, which only inference can write.
function routerOf(news: News, said: (text: string) => void) {
  const { router, procedure } = initTRPC.create();
  return router({
    news: procedure.subscription(({ signal }) => news.read(signal)),
    say: procedure.input(String).mutation(({ input }) => said(input)),
  });
}
