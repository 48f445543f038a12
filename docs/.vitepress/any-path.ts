/**
 * Makes a built site work from any path of a host. VitePress builds for one path, its base. This replaces the base
 * in every file: in documents and styles by a relative path, in scripts by the place of the script itself.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/** Replaces it in scripts and styles, once they are written. */
export function worksFromAnyPath(folder: string, base: string): void {
  rmSync(path.join(folder, '404.html')); // a host shows it at any path, so its links cannot be relative: see writeNotFound
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const change = CHANGES[path.extname(name)];
    if (!change) continue;
    const file = path.join(folder, name);
    const before = readFileSync(file, 'utf8');
    const after = change(before, base, wayUp(name));
    expectNone(base, after, file);
    if (after !== before) writeFileSync(file, after);
  }
}

/** The text of a document of the site, before it is written to its file. */
export function documentFromAnyPath(html: string, file: string, folder: string, base: string): string {
  if (base === '/')
    throw new Error('the base must be a text that no file contains: vitepress build --base /site-base/');
  const up = wayUp(path.relative(folder, file));
  const after = withoutInlineScripts(html.replaceAll(base, up), up, folder);
  expectNone(base, after, file);
  return after;
}

/** From a file of the site to the site's folder. */
const wayUp = (name: string): string => '../'.repeat(name.split(/[\\/]/).length - 1) || './';

function expectNone(base: string, text: string, file: string): void {
  if (text.includes(base)) throw new Error(`${file}: still contains ${base}`);
}

/** The text without the base, from the text, the base, and the way to the site's folder. */
type Change = (text: string, base: string, up: string) => string;

/** By a file's extension. */
const CHANGES: Readonly<Partial<Record<string, Change>>> = {
  '.css': (text, base, up) => text.replaceAll(base, up),
  '.js': withoutBaseInScript,
};

/** The Content-Security-Policy forbids scripts in the document: each becomes a file. */
function withoutInlineScripts(html: string, up: string, folder: string): string {
  return html.replace(/<script( id="[\w-]+")?>([^]+?)<\/script>/g, (_, id: string | undefined, script: string) => {
    const name = `assets/inline.${createHash('sha256').update(script).digest('hex').slice(0, 8)}.js`;
    const file = path.join(folder, name);
    if (!existsSync(file)) writeFileSync(file, script); // all pages have the same few
    return `<script${id ?? ''} src="${up}${name}"></script>`;
  });
}

function withoutBaseInScript(script: string, base: string, up: string): string {
  if (!script.includes(base)) return script;
  const file = ts.createSourceFile('site.js', script, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  const changes: { start: number; end: number; text: string }[] = [];
  const visit = (node: ts.Node): void => {
    const [start, end] = [node.getStart(file), node.getEnd()];
    const text = script.slice(start, end);
    if (!text.includes(base)) return; // nor does anything in it
    const isWhole = ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node);
    if (isWhole) {
      changes.push({ start, end, text: `(${text.replaceAll(base, `${text[0]}+siteBase()+${text[0]}`)})` });
    } else if (ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
      changes.push({ start, end, text: text.replaceAll(base, '${siteBase()}') });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  let result = script;
  for (const { start, end, text } of changes.sort((a, b) => b.start - a.start))
    result = result.slice(0, start) + text + result.slice(end);
  // a function, since modules that import each other may call it before they run
  return `function siteBase(){return new URL("${up}",import.meta.url).pathname}${result}`;
}

/** VitePress writes it into the site's folder. */
const OF_SITE = 'hashmap.json';

const SCRIPT = `(async () => {
  let folder = location.pathname;
  do {
    folder = folder.slice(0, folder.lastIndexOf('/', folder.length - 2) + 1);
    const answer = await fetch(folder + '${OF_SITE}');
    if (!answer.ok || !answer.headers.get('content-type')?.includes('json')) continue;
    for (const link of document.querySelectorAll('a')) link.href = folder + link.dataset.to;
    document.querySelector('nav').hidden = false;
    return;
  } while (folder !== '/');
})();`;

const STYLE = `
  :root { color-scheme: light dark; --text: #1d1d20; --link: #1f5fae; --page: #fbfaf7; }
  @media (prefers-color-scheme: dark) { :root { --text: #ececee; --link: #86b6f5; --page: #131416; } }
  body { margin: 12vh auto; max-width: 34rem; padding: 0 1.5rem; font: 1.1rem/1.6 system-ui, sans-serif; color: var(--text); background: var(--page); }
  a { color: var(--link); }
  li { margin: 0.4rem 0; }`;

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

const HTML = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src ${hash(SCRIPT)}; style-src ${hash(STYLE)}; connect-src 'self'; base-uri 'none'; form-action 'none'">
    <title>No such page | Longhand</title>
    <style>${STYLE}</style>
  </head>
  <body>
    <main>
      <h1>There is no such page</h1>
      <p>The address may have a typing error, or the page may have another name now. The site’s search finds pages by their words.</p>
      <nav aria-label="Site" hidden>
        <ul>
          <li><a data-to="">The first page, with the search</a></li>
          <li><a data-to="learn/what-an-rnn-is.html">Chapter 1: what is an RNN?</a></li>
          <li><a data-to="exercises/">The exercises</a></li>
          <li><a data-to="play/">The page on which you train networks</a></li>
        </ul>
      </nav>
    </main>
    <script>${SCRIPT}</script>
  </body>
</html>
`;

/**
 * The site's 404.html. A host shows it at any path, and the site works from any path, so nothing in it can have a fixed address.
 * Its script looks for the site's folder among those above, and only then shows links.
 */
export const writeNotFound = (folder: string): void => writeFileSync(path.join(folder, '404.html'), HTML);
