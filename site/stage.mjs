import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { groups, unlisted, wide } from './pages.mjs';

const site = dirname(fileURLToPath(import.meta.url));
const root = dirname(site);
/** What VitePress reads; made anew each time, and in no commit. */
export const staged = join(site, 'pages');

export const listed = [...groups.flatMap(({ pages }) => pages), ...unlisted].filter(([, file]) =>
  existsSync(join(root, file)),
);
/** @type {Map<string, string>} */
const routes = new Map(listed.map(([route, file]) => [file, route]));
routes.set('README.md', '');

/**
 * Puts every page into one folder, with links between files turned into links between pages.
 *
 * @param {{ keep?: boolean }} [options] keep: what is there and was not staged, the reference, stays
 */
export function stage({ keep = false } = {}) {
  if (!keep) rmSync(staged, { recursive: true, force: true });
  const homeless = readdirSync(join(root, 'docs')).filter(
    (name) => name.endsWith('.md') && !routes.has(`docs/${name}`),
  );
  if (homeless.length > 0) throw new Error(`site/pages.mjs has no place for ${homeless.join(', ')}`);
  mkdirSync(join(staged, 'public'), { recursive: true });
  copyFileSync(join(root, 'demo', 'public', 'icon.svg'), join(staged, 'public', 'icon.svg'));
  write('index.md', page('site/home.md'));
  for (const [route = '', file = ''] of listed) {
    const matter = wide.includes(route) ? `---\npageClass: wide page-${route}\naside: false\n---\n\n` : '';
    write(`${route}.md`, matter + page(file));
  }
}

/**
 * @param {string} file
 * @returns {string}
 */
function page(file) {
  const text = readFileSync(join(root, file), 'utf8');
  // Comments say to the tests what an example stands on.
  const parts = text.replaceAll(/<!--[\s\S]*?-->\n?/g, '').split(/^(```[\s\S]*?^```)$/m);
  return parts
    .map((part, index) =>
      index % 2 === 1
        ? part
        : part.replaceAll(
            /\[([^\]]*)\]\(([^)\s]+)\)/g,
            (_, label, target) => `[${words(label, file, target)}](${link(file, target)})`,
          ),
    )
    .join('');
}

/**
 * A page that is called by its file has a name on the site.
 *
 * @param {string} text
 * @param {string} file
 * @param {string} target
 * @returns {string}
 */
function words(text, file, target) {
  if (!/^`?[\w/.-]+\.md`?$/.test(text)) return text;
  const wanted = posix.join(posix.dirname(file), target.replace(/#.*/, ''));
  const [, , title = text] = listed.find(([, each]) => each === wanted) ?? [];
  return title;
}

/**
 * @param {string} file where the link stands
 * @param {string} target
 * @returns {string}
 */
export function link(file, target) {
  if (/^(?:[a-z]+:|#|\/)/.test(target)) return target;
  const [path = '', anchor] = target.split('#');
  const wanted = posix.join(posix.dirname(file), path);
  const route = routes.get(wanted) ?? source(wanted);
  if (route === null) throw new Error(`${file} links to ${target}, which is no page of the site: see site/pages.mjs`);
  return `/${route}${anchor === undefined ? '' : `#${anchor}`}`;
}

/**
 * A file of code that a page links to: shown on a page of its own, data and pictures as they are.
 *
 * @param {string} file
 * @returns {string | null} its route
 */
function source(file) {
  const path = join(root, file);
  const language = extname(file).slice(1).replace('mjs', 'js').replace('conf', 'nginx');
  if (!existsSync(path) || language === '' || language === 'md') return null;
  if (language === 'json' || language === 'webp') {
    copyFileSync(path, join(staged, 'public', posix.basename(file)));
    return posix.basename(file);
  }
  const route = `source/${file.replaceAll('.', '-')}`;
  const text = readFileSync(path, 'utf8');
  write(`${route}.md`, `---\naside: false\n---\n\n# ${file}\n\n\`\`\`\`${language}\n${text}\n\`\`\`\`\n`);
  return route;
}

/**
 * @param {string} name
 * @param {string} text
 */
function write(name, text) {
  const path = join(staged, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
