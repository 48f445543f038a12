/** Which networks learn the gap task at which lengths: docs/learn/plain-rnn.md and docs/learn/lstm.md. */
import { readFileSync } from 'node:fs';
import { LENGTHS, NETWORKS, UPDATES } from '../programs/gap.mjs';
import { picture, text } from './svg.mjs';

const [LEFT, TOP, COLUMN, ROW] = [190, 66, 104, 44];

/** One run: a full circle if it answers everything at the end, an empty one if not. */
const circle = (x, y, { correct }) =>
  `<circle class="${correct === 56 ? 'first' : 'grey'}" cx="${x}" cy="${y}" r="9" stroke-width="2"${correct === 56 ? ' style="fill: var(--first)"' : ''}/>`;

export function gapPicture() {
  const results = JSON.parse(readFileSync(new URL('../programs/gap.json', import.meta.url), 'utf8'));
  const title = `Three runs of each network: full circles answer all 56 sequences after ${UPDATES} updates`;
  return picture(720, TOP + ROW * NETWORKS.length + 14, title, [
    text(24, 30, title),
    text(LEFT - 14, TOP - 8, 'steps of a sequence', { of: 'quiet', anchor: 'end' }),
    LENGTHS.map((T, n) => text(LEFT + COLUMN * n + 36, TOP - 8, T, { anchor: 'middle' })),
    NETWORKS.map(({ name }, row) => {
      const y = TOP + ROW * row + 18;
      return [
        text(24, y + 5, name),
        LENGTHS.map((T, column) =>
          results
            .filter((one) => one.network === name && one.T === T)
            .map((one, seed) => circle(LEFT + COLUMN * column + 10 + 26 * seed, y, one)),
        ),
      ];
    }),
  ]);
}
