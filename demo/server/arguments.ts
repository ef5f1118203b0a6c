import { parseArgs } from 'node:util';

export const DEFAULT_PORT = 4100;

export interface Arguments {
  readonly port: number;
  /** Where the server keeps its database; null: in a temporary folder that goes when the demo ends. */
  readonly dataFolder: string | null;
}

export const USAGE = `Usage: node demo/dist-server/main.js [--port N] [--data FOLDER]

  --port N       where the page is served on this machine; 0 takes any free port (default ${DEFAULT_PORT})
  --data FOLDER  keeps what the server counted; without it everything is forgotten at the end
`;

/** @throws Error with a sentence for the user */
export function parseArguments(args: readonly string[]): Arguments | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: { port: { type: 'string' }, data: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true) return 'help';
  const port = values.port === undefined ? DEFAULT_PORT : Number(values.port);
  if (values.port === '' || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error('--port takes a whole number from 0 to 65535');
  }
  if (values.data === '') throw new Error('--data takes a folder');
  return { port, dataFolder: values.data ?? null };
}
