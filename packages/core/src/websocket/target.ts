import type { Failure } from '../lib/errors.ts';
import type { Target } from '../runtime/link.ts';
import type { ProtocolsSource, UrlSource } from './options.ts';

/** Asks the functions of the app, both at the same time. Never rejects. */
export async function askForTarget(
  url: UrlSource,
  protocols: ProtocolsSource,
  attempt: number,
): Promise<Target | { readonly failure: Failure }> {
  try {
    const [where, offered] = await Promise.all([
      typeof url === 'function' ? url({ attempt }) : url,
      typeof protocols === 'function' ? protocols() : protocols,
    ]);
    if (typeof where !== 'string' && !(where instanceof URL)) throw new TypeError('the url function gave no URL');
    return { url: `${where}`, protocols: protocolList(offered ?? []) };
  } catch (cause) {
    return { failure: { code: 'URL_FAILED', message: 'the url or protocols function failed', cause } };
  }
}

/** Subprotocols as the standard converts them: an iterable object, or else one string. */
export function protocolList(given: unknown): readonly string[] {
  return Object(given) === given && Symbol.iterator in (given as object)
    ? Array.from(given as Iterable<string>, (protocol) => `${protocol}`)
    : [`${given as string}`];
}
