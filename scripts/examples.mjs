import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { packages, root } from './run.mjs';

/**
 * A block of code in a page. A comment right before it may say: `example: name`, for a test that runs it; `given:` with
 * declarations that it stands on, which the reader knows from the text; `fragment: reason`, that it is no whole code.
 * `given below:`, anywhere, stands for all later blocks of its page that import nothing themselves.
 *
 * @typedef {object} Block
 * @property {string} file the page
 * @property {number} line where its code begins, from 1
 * @property {string} language
 * @property {string} code
 * @property {string | undefined} example
 * @property {string} given
 * @property {string | undefined} fragment
 */

const pattern = /(?:<!--((?:(?!-->)[\s\S])*)-->\n)?^```(tsx?|jsx?)(?: \[[^\]\n]*\])?\n([\s\S]*?)^```$/gm;

/** The pages whose examples are checked: those that users read. */
export function pages() {
  const docs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  const readmes = packages.map((name) => `packages/${name}/README.md`);
  return ['README.md', 'site/home.md', ...docs.map((name) => `docs/${name}`), ...readmes].filter((file) =>
    existsSync(join(root, file)),
  );
}

/**
 * @param {string} file
 * @param {string} [text]
 * @returns {Block[]}
 */
export function blocksOf(file, text = readFileSync(join(root, file), 'utf8')) {
  const below = /<!-- given below:([\s\S]*?)-->/.exec(text);
  return [...text.matchAll(pattern)].map(({ index, 0: whole, 1: comment = '', 2: language = '', 3: code = '' }) => {
    const isBelow = below !== null && index >= below.index && !/^import /m.test(code);
    return {
      file,
      line: text.slice(0, index + whole.indexOf('```')).split('\n').length + 1,
      language,
      code,
      example: /^\s*example: (.+?)\s*$/m.exec(comment)?.[1],
      given: (/^\s*given:([\s\S]*)/m.exec(comment)?.[1] ?? '') + (isBelow ? below[1] : ''),
      fragment: /^\s*fragment: ([\s\S]+?)\s*$/.exec(comment)?.[1],
    };
  });
}

/**
 * The code of an example, as written.
 *
 * @param {string} file
 * @param {string} name
 * @returns {string}
 */
export function example(file, name) {
  const block = blocksOf(file).find((each) => each.example === name);
  if (block === undefined) throw new Error(`${file} has no example ${name}`);
  return block.code;
}

/**
 * Writes blocks as files for the compiler, each with its code at the line where it stands in its page. A block whose first
 * line is a path as a comment gets that path, so that others of its page can import it.
 *
 * @param {string} into a folder, which is emptied
 * @param {readonly Block[]} blocks
 */
export function writeExamples(into, blocks) {
  rmSync(into, { recursive: true, force: true });
  for (const { file, line, language, code, given } of blocks) {
    const page = file.startsWith('docs/') ? basename(file, '.md') : file.replaceAll(/[/.]/g, '-').toLowerCase();
    const path = /^\/\/ ([\w./-]+\.tsx?)\n/.exec(code)?.[1] ?? `line-${line}.${language.replace('j', 't')}`;
    const target = join(into, page, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, `${'\n'.repeat(line - 1)}${code}\n${given}\n`);
  }
}
