/** The loss of each program of docs/exercises/bugs.md beside that of the right one. */
import { readFileSync } from 'node:fs';
import { picture, text } from './svg.mjs';

const [WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM] = [560, 250, 52, 40, 20, 52];
const [ACROSS, DOWN] = [WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM];

export const evidenceOf = (name) =>
  JSON.parse(readFileSync(new URL('../programs/find-bugs.json', import.meta.url), 'utf8'))[name];

/** A round step, so that there are about four ticks over `range`. */
function tickStep(range) {
  const power = 10 ** Math.floor(Math.log10(range / 4));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => range / step <= 4.5);
}

const ticksOf = (low, high) => {
  const step = tickStep(high - low);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, n) =>
    Number(((first + n) * step).toPrecision(3)),
  );
};

/** The two curves, with a legend. The curve of the wrong program is dashed, so that it does not need its colour. */
export function findBugPicture(name) {
  const { every, losses } = evidenceOf(name);
  const all = [...losses.right, ...losses.wrong];
  const [low, high] = [Math.min(0, ...all), Math.max(...all)];
  const updates = every * (losses.right.length - 1);
  const x = (update) => (LEFT + (ACROSS * update) / updates).toFixed(1);
  const y = (loss) => (TOP + (DOWN * (high - loss)) / (high - low)).toFixed(1);
  const curve = (values) => `M${values.map((loss, n) => `${x(n * every)} ${y(loss)}`).join('L')}`;
  return picture(WIDTH, HEIGHT, captionOf(name), [
    ticksOf(low, high).map((loss) => [
      `<path class="line" d="M${LEFT} ${y(loss)}H${WIDTH - RIGHT}"/>`,
      text(LEFT - 8, Number(y(loss)) + 4, String(loss).replace('-', '−'), { of: 'quiet', anchor: 'end' }),
    ]),
    ticksOf(0, updates).map((update) => text(x(update), HEIGHT - 30, update, { of: 'quiet', anchor: 'middle' })),
    text(LEFT + ACROSS / 2, HEIGHT - 10, 'updates', { anchor: 'middle' }),
    `<path class="first" stroke-width="2" d="${curve(losses.right)}"/>`,
    `<path class="second" stroke-width="2" stroke-dasharray="6 4" d="${curve(losses.wrong)}"/>`,
    `<path class="first" stroke-width="2" d="M${LEFT} 20h28"/>`,
    text(LEFT + 36, 24, 'loss of the right program', { of: 'first' }),
    `<path class="second" stroke-width="2" stroke-dasharray="6 4" d="M${LEFT + 230} 20h28"/>`,
    text(LEFT + 266, 24, 'loss of this program', { of: 'second' }),
  ]);
}

const short = (loss) => Number(loss.toPrecision(2)).toString().replace('-', '−');

/** What the picture shows, for a reader who does not see it. */
export function captionOf(name) {
  const { every, losses } = evidenceOf(name);
  const ends = ({ length, [length - 1]: last, 0: first }) => `from ${short(first)} to ${short(last)}`;
  const least = Math.min(...losses.wrong);
  const below = least < 0 ? ` Its smallest value is ${short(least)}.` : '';
  return `The loss over ${every * (losses.right.length - 1)} updates: of the right program ${ends(losses.right)}, of this program ${ends(losses.wrong)}.${below}`;
}
