/**
 * Writes the table of all planted mistakes into docs/learn/mistakes-table.md, between its two markers.
 *
 *     node docs/learn/programs/mistakes-table.mjs
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { PLANTED_MISTAKES } from '../../../src/mistakes/planted-mistakes.mjs';

const DOCUMENT = fileURLToPath(new URL('../mistakes-table.md', import.meta.url));
const derivation = readFileSync(new URL('../../derivation.md', import.meta.url), 'utf8');
const [BEGIN, END] = ['<!-- Begin of the table: mistakes-table.mjs writes it. -->', '<!-- End of the table. -->'];

/** The check that finds a mistake besides the test of its equation, by the mistake's `test`. */
const CHECKS = {
  'equations/gradients': '[gradient check](../../test/equations/gradients.test.ts)',
  'network/pytorch': '[comparison with PyTorch](../../test/network/pytorch.test.ts)',
  'network/pytorch-network': '[comparison with PyTorch](../../test/network/pytorch-network.test.ts)',
  'equations/lstm': 'test of the LSTM alone',
  'network/network-batch': 'test of a second pass',
  'cells/oracle': '[comparison with PyTorch](../../test/cells/oracle.test.ts)',
  'equations/clipping': 'test of clipping',
  'equations/schedule': 'test of each rate',
  undefined: 'none',
};

const titleOf = (equation) => (/^\d/.test(equation) ? `(${equation})` : equation);

/** The section of the derivation that has the equation: its anchor. */
function sectionOf(equation) {
  const mark =
    { 'output layer': '(5′)', directions: '**Directions.**', layers: '**Layers.**' }[equation] ?? titleOf(equation);
  const escapedMark = mark.replace(/[()*.]/g, '\\$&');
  const position = derivation.search(new RegExp(`^\\[?${escapedMark}|\\[${escapedMark}\\]\\(\\.\\./src`, 'm'));
  if (position < 0) throw new Error(`docs/derivation.md has no line that begins with ${mark}`);
  const [heading] = derivation
    .slice(0, position)
    .match(/^#{2,3} .*$/gm)
    .slice(-1);
  return heading
    .replace(/^#+ /, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N} -]/gu, '')
    .replaceAll(' ', '-');
}

/** The link to the test of the equation, as the derivation has it. */
function testOf(equation) {
  const title = /^\d/.test(equation)
    ? `test of (${equation})`
    : `test of ${equation === 'output layer' ? 'the ' : ''}${equation}`;
  const [, target] = derivation.split(`[${title}](`)[1]?.match(/^\.\.\/(test[^)]+)\)/) ?? [];
  if (target === undefined) throw new Error(`docs/derivation.md has no link “${title}”`);
  return `[${title}](../../${target})`;
}

const escaped = (words) => words.replace(/[*_|]/g, '\\$&');

/** A row: the mistake, the other equations whose tests fail too, the other check, and the link to the page. */
function rowOf({ id, words, equation, fails, test, onPage }) {
  const failing = fails.map((name) => /^\(\d+′?\)|^output layer|^directions|^layers/.exec(name)[0]);
  const others = [...new Set(failing)].filter((title) => title !== titleOf(equation));
  if (!(test in CHECKS)) throw new Error(`${id} fails ${test}, of which CHECKS has no words`);
  // In the site, /play is the page; the link is HTML, because no file has this path.
  const plant = onPage ? `<a href="../play/?mistake=${id}" target="_self">plant it</a>` : '';
  return `| <a id="${id}"></a>${escaped(words)} | \`${id}\` | ${others.join(', ')} | ${CHECKS[test]} | ${plant} |`;
}

/** The table of all mistakes, one part for each equation. */
export function mistakesTable() {
  const equations = [...new Set(PLANTED_MISTAKES.map(({ equation }) => equation))];
  return equations
    .map((equation) => {
      const rows = PLANTED_MISTAKES.filter((mistake) => mistake.equation === equation).map(rowOf);
      const title = /^\d/.test(equation) ? `Equation ${titleOf(equation)}` : `The ${equation}`;
      const links = `[derivation](../derivation.md#${sectionOf(equation)}), ${testOf(equation)}`;
      return [
        `**${title}** (${links})`,
        [
          '| mistake | id | also fails tests of | other check | on the page |',
          '| --- | --- | --- | --- | --- |',
          ...rows,
        ].join('\n'),
      ].join('\n\n');
    })
    .join('\n\n');
}

/** The document with the table between its markers. */
export async function withTable(document) {
  const [before, rest] = document.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`the document needs the lines ${BEGIN} and ${END}`);
  const options = await resolveConfig(DOCUMENT);
  return format(`${before}${BEGIN}\n\n${mistakesTable()}\n\n${END}${after}`, { ...options, parser: 'markdown' });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(DOCUMENT, await withTable(readFileSync(DOCUMENT, 'utf8')));
}
