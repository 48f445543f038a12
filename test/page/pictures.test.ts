/** The page's pictures: under each stands what to look for, and the axes of the charts have whole marks. */
import { readFileSync } from 'node:fs';
import { parseHTML } from 'linkedom';
import { powersOfTen, powerText, WHOLE_DISTANCES } from '../../src/page/axis-marks.js';

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

test('the marks of counts are whole numbers, and those of a logarithmic axis are powers of ten', () => {
  expect(WHOLE_DISTANCES.slice(0, 7)).toEqual([1, 2, 5, 10, 20, 50, 100]);
  expect(WHOLE_DISTANCES.every(Number.isInteger)).toBe(true);
  expect(powersOfTen(0.002, 300).map(powerText)).toEqual(['10⁻²', '10⁻¹', '10⁰', '10¹', '10²']);
  expect(powersOfTen(1e-15, 10).map(powerText)).toEqual(['10⁻¹⁵', '10⁻¹¹', '10⁻⁷', '10⁻³', '10¹']);
  expect(powersOfTen(2, 3)).toEqual([]);
});
