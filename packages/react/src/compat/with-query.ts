import type { QueryParams } from './types.ts';

export type UrlSource = string | (() => string | Promise<string>);

/** In a value only what would end it is escaped: apps may have escaped the rest themselves. */
export function withQuery(url: string, parameters: QueryParams = {}): string {
  const query = Object.entries(parameters)
    .map(([name, value]) => `${name}=${`${value}`.replaceAll(/[&#+]/g, encodeURIComponent)}`)
    .join('&');
  return query === '' ? url : `${url}${url.includes('?') ? '&' : '?'}${query}`;
}
