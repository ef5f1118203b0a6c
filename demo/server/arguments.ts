import { isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { LOOPBACK } from './loopback.ts';

export const DEFAULT_PORT = 4100;

export interface Arguments {
  readonly port: number;
  /** The address to listen at. */
  readonly host: string;
  /** Where the server keeps its database; null: in a temporary folder that goes when the demo ends. */
  readonly dataFolder: string | null;
  /** Other origins whose pages may open sockets here: where the page is served from elsewhere. */
  readonly origins: readonly string[];
}

export const USAGE = `Usage: node demo/dist-server/main.js [--port N] [--host ADDRESS] [--data FOLDER] [--allow-origin ORIGIN]

  --port N               where the page is served on this machine; 0 takes any free port (default ${DEFAULT_PORT})
  --host ADDRESS         where to listen (default ${LOOPBACK}: this machine alone); 0.0.0.0 lets every machine of the
                         network in, such as a phone: it may draw, and press the buttons
  --data FOLDER          keeps what the server counted; without it everything is forgotten at the end
  --allow-origin ORIGIN  lets a page from there, such as https://pages.example, draw on this server; may come again
`;

/** @throws Error with a sentence for the user */
export function parseArguments(args: readonly string[]): Arguments | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string' },
      host: { type: 'string' },
      data: { type: 'string' },
      'allow-origin': { type: 'string', multiple: true },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return 'help';
  const port = values.port === undefined ? DEFAULT_PORT : Number(values.port);
  if (values.port === '' || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error('--port takes a whole number from 0 to 65535');
  }
  if (values.data === '') throw new Error('--data takes a folder');
  const host = values.host ?? LOOPBACK;
  if (isIP(host) === 0) throw new Error('--host takes an IP address');
  const origins = values['allow-origin'] ?? [];
  for (const origin of origins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new Error('--allow-origin takes an origin such as https://pages.example');
    }
  }
  return { port, host, dataFolder: values.data ?? null, origins };
}
