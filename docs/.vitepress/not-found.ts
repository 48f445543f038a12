/**
 * The site's 404.html. A host shows it at any path, and the site works from any path, so nothing in it can have a fixed address.
 * Its script looks for the site's folder among those above, and only then shows links.
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

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

export const writeNotFound = (folder: string): void => writeFileSync(path.join(folder, '404.html'), HTML);
