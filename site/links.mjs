import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Every link of the built site that leads nowhere: to a page, a file or a heading that is not there. VitePress looks at
 * the pages that Markdown links to; this at every link and every anchor, those of the home page and the sidebar too.
 *
 * @param {string} dist
 * @param {string} base
 * @returns {string[]} one line each
 */
export function deadLinks(dist, base) {
  const pages = new Map(
    readdirSync(dist, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.html'))
      .map((file) => [file, readFileSync(join(dist, file), 'utf8')]),
  );
  const anchors = new Map(
    [...pages].map(([file, html]) => [
      file,
      new Set([...html.matchAll(/\s(?:id|name)="([^"]+)"/g)].map(([, id = '']) => unescape(id))),
    ]),
  );
  const dead = new Set();
  for (const [file, html] of pages) {
    for (const [, href = ''] of html.matchAll(/<a\b[^>]*?\shref="([^"]*)"/g)) {
      const target = unescape(href);
      if (/^[a-z]+:/.test(target)) continue;
      const { pathname, hash } = new URL(target, `http://site.test${base}${file.replaceAll('\\', '/')}`);
      const path = decodeURIComponent(pathname.slice(base.length));
      const name = [path, `${path}index.html`, `${path}.html`].find(
        (each) => each !== '' && existsSync(join(dist, each)),
      );
      const wanted = decodeURIComponent(hash.slice(1));
      if (name === undefined) dead.add(`${file}: ${target} is no page`);
      else if (wanted !== '' && !anchors.get(name)?.has(wanted)) dead.add(`${file}: ${target} has no such heading`);
    }
  }
  return [...dead];
}

/** @param {string} html */
function unescape(html) {
  return html.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&amp;', '&');
}
