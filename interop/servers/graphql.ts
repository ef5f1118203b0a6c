import { type GraphQLFieldConfig, GraphQLNonNull, GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { News } from './news.ts';
import { serve, type Server, type ServerClass } from './server.ts';

/** graphql-ws on the ws package. */
export function startGraphqlServer(ServerClass: ServerClass = WebSocketServer): Promise<Server> {
  return serve((http, said) => {
    const news = new News();
    const sockets = new ServerClass({ server: http });
    // It ends a connection that leaves its pings unanswered.
    useServer({ schema: schemaOf(news, said) }, sockets, ServerClass === WebSocketServer ? undefined : 500);
    return {
      publish: (text) => news.publish(text),
      live: () => sockets.clients.size,
      kill: () => {
        for (const client of sockets.clients) client.terminate();
      },
    };
  });
}

function schemaOf(news: News, said: (text: string) => void): GraphQLSchema {
  const text = { type: GraphQLString };
  const say: GraphQLFieldConfig<unknown, unknown, { readonly text: string }> = {
    ...text,
    args: { text: { type: new GraphQLNonNull(GraphQLString) } },
    resolve: (_root, args) => {
      said(args.text);
      return args.text;
    },
  };
  return new GraphQLSchema({
    query: new GraphQLObjectType({ name: 'Query', fields: { version: text } }),
    subscription: new GraphQLObjectType({
      name: 'Subscription',
      fields: {
        news: {
          ...text,
          async *subscribe() {
            for await (const item of news.read()) yield { news: item };
          },
        },
      },
    }),
    mutation: new GraphQLObjectType({ name: 'Mutation', fields: { say } }),
  });
}
