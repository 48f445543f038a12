/** Under each picture of the page stands what to look for. */
import { readFileSync } from 'node:fs';
import { parseHTML } from 'linkedom';

/** Pictures without such a sentence, and why. */
const WITHOUT: Readonly<Record<string, string>> = {
  digit: 'it is the image that the network reads',
  'experiment-norms': 'the words of the experiment stand beside it',
};

test.each([
  ['index.html', 11],
  ['series/series.html', 5],
])('%s: each of its %i pictures', (file, count) => {
  const html = readFileSync(`src/page/${file}`, 'utf8').replaceAll(/<(\/?)template/g, '<$1section'); // whose contents a query skips
  const { document } = parseHTML(`<!doctype html><html><body>${html}</body></html>`);
  const figures = Array.from(document.querySelectorAll('figure')).filter(({ id }) => !(id in WITHOUT));
  const words = figures.map((figure) => {
    const found = figure.querySelector('.look-for') ?? figure.nextElementSibling;
    return [figure.querySelector('[id]')?.id, found?.classList.contains('look-for') ? found.textContent.trim() : ''];
  });
  for (const [id, text] of words) expect([id, text]).toEqual([id, expect.stringMatching(/^(Look for|Move) [^]*[.?]$/)]);
  expect(words).toHaveLength(count);
});
