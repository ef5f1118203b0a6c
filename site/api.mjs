import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application, Converter, ReflectionKind } from 'typedoc';
import { packages, root } from '../scripts/run.mjs';

const site = dirname(fileURLToPath(import.meta.url));

/** Every entry of every package, with the source that it is built from, and what its README says that it is for. */
const entries = packages.flatMap((name) => {
  const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'));
  const rows = readFileSync(join(root, 'packages', name, 'README.md'), 'utf8').split('\n');
  return Object.entries(manifest.exports).flatMap(([entry, { source }]) => {
    if (source === undefined) return [];
    const id = manifest.name + entry.slice(1);
    const row = rows.find((each) => each.startsWith(`| \`${id}\` |`));
    return [{ id, file: join(root, 'packages', name, source), about: row?.split('|')[2]?.trim() ?? '' }];
  });
});

/** The routes of the reference, in the order of the packages. */
export const apiPages = entries.map(({ id }) => ({ text: id, link: `/api/${id}` }));

/**
 * Writes the reference of every public export into a folder, a page for each entry. Throws where one lacks a docstring.
 *
 * @param {string} out
 */
export async function writeApi(out) {
  // The plugin's options are not in the type of typedoc's.
  const app = await Application.bootstrapWithPlugins(
    /** @type {import('typedoc').TypeDocOptions} */ ({
      name: 'API reference',
      entryPoints: entries.map(({ file }) => file),
      tsconfig: join(site, 'tsconfig.api.json'),
      plugin: ['typedoc-plugin-markdown'],
      out,
      readme: 'none',
      router: 'module',
      entryFileName: 'index',
      excludePrivate: true,
      excludeInternal: true,
      excludeExternals: true,
      disableSources: true,
      // The sources are checked by the compiler of the project; this one only reads them.
      skipErrorChecking: true,
      hideBreadcrumbs: true,
      hidePageHeader: true,
      useCodeBlocks: true,
      parametersFormat: 'table',
      interfacePropertiesFormat: 'table',
      classPropertiesFormat: 'table',
      typeAliasPropertiesFormat: 'table',
      typeDeclarationFormat: 'table',
      tableColumnSettings: { hideInherited: true, hideModifiers: true, hideSources: true },
      sort: ['alphabetical'],
      groupOrder: ['Functions', 'Classes', 'Variables', 'Interfaces', 'Type Aliases', '*'],
      validation: { notExported: false, invalidLink: true },
      logLevel: 'Warn',
    }),
  );
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
      const entry = entries.find(({ file }) =>
        file.replace(/(\/index)?\.ts$/, '').endsWith(`/packages/${module.name}`),
      );
      if (entry === undefined) throw new Error(`${module.name} is the page of no entry`);
      module.name = entry.id;
    }
  });
  const project = await app.convert();
  if (project === undefined) throw new Error('typedoc converted nothing');
  const bare = project
    .getReflectionsByKind(ReflectionKind.Module)
    .flatMap((module) =>
      (/** @type {import('typedoc').DeclarationReflection} */ (module).children ?? []).map((child) => ({
        module,
        child,
      })),
    )
    .filter(({ child }) => !child.isReference() && !isDocumented(child))
    .map(({ module, child }) => `${module.name}: ${child.name}`);
  if (bare.length > 0) throw new Error(`exports without a docstring:\n${bare.join('\n')}`);
  app.validate(project);
  if (app.logger.hasWarnings() || app.logger.hasErrors()) throw new Error('the reference is not whole: see above');
  await app.generateOutputs(project);
  tidy(out);
  introduce(out);
}

/**
 * Says of each entry what it is for, on its page and in the list of all.
 *
 * @param {string} out
 */
function introduce(out) {
  const index = join(out, 'index.md');
  let list = readFileSync(index, 'utf8');
  for (const { id, about } of entries) {
    const page = join(out, `${id}.md`);
    writeFileSync(
      page,
      readFileSync(page, 'utf8').replace(/^# .*$/m, (title) => `${title}\n\n${about}`),
    );
    list = list.replace(`](${id}.md)\n`, `](${id}.md): ${about}\n`);
  }
  writeFileSync(index, list.replace('## Modules', '## Entry points'));
}

/**
 * Mends what the generator and VitePress name in different ways. The router keeps a page free for the type `Protocol` of
 * core and so calls that of the entry `./protocol` protocol-1; a heading that VitePress gives another anchor, or none, is
 * linked by its first namesake, or by its page.
 *
 * @param {string} out
 */
function tidy(out) {
  const files = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
  const texts = new Map();
  for (const name of files) {
    const text = readFileSync(join(out, name), 'utf8').replaceAll('protocol-1.md', 'protocol.md');
    rmSync(join(out, name));
    texts.set(posix.normalize(name.replaceAll('\\', '/').replace('protocol-1.md', 'protocol.md')), text);
  }
  const anchors = new Map([...texts].map(([name, text]) => [name, anchorsOf(text)]));
  for (const [name, text] of texts) {
    const mended = text.replaceAll(/\]\(([^)#]*)#([^)]+)\)/g, (_, path, anchor) => {
      const target = path === '' ? name : posix.join(posix.dirname(name), path);
      const known = [anchor, anchor.replace(/-\d+$/, '')].find((each) => anchors.get(target)?.has(each));
      return known === undefined ? `](${path === '' ? posix.basename(name) : path})` : `](${path}#${known})`;
    });
    writeFileSync(join(out, name), mended);
  }
}

/** @param {string} text */
function anchorsOf(text) {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title.replaceAll(/[`()\\]/g, '').toLowerCase(),
  );
  return new Set([...headings, ...[...text.matchAll(/<a id="([^"]+)"/g)].map(([, id = '']) => id)]);
}

/** @param {import('typedoc').DeclarationReflection} reflection */
function isDocumented(reflection) {
  const { type } = reflection;
  const literal = type?.type === 'reflection' ? (type.declaration.signatures ?? []) : [];
  return [reflection, ...(reflection.signatures ?? []), ...literal].some((part) => part.hasComment());
}
