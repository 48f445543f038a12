/** What one large gradient leaves in Adam's m and v: docs/learn/loss-and-update.md. */
import { picture, text } from './svg.mjs';

const [X, WIDTH, LAST] = [46, 640, 1100];
const EARLIER = 100;

/**
 * One diagram over the updates from 100 before the spike to LAST after it. Its plot is at `place`, and it goes from 0 to `highest`. A curve has
 * the class `of`, the attribute `dash`, and `values` from the spike on. It runs in the browser too.
 */
export function diagram({ x = X, y, width = WIDTH, height }, highest, title, curves) {
  const across = (k) => (x + (width * (k + EARLIER)) / (LAST + EARLIER)).toFixed(1);
  const up = (value) => (y + height * (1 - value / highest)).toFixed(1);
  const ticks = Array.from({ length: 5 }, (_, n) => (highest * n) / 4);
  return [
    text(x, y - 14, title),
    ticks.map((value) => [
      `<path class="line" d="M${x} ${up(value)}h${width}"/>`,
      text(x - 8, Number(up(value)) + 4, Number(value.toPrecision(3)), { of: 'quiet', anchor: 'end' }),
    ]),
    curves.map(({ of, dash, values }) => {
      const points = values
        .slice(0, LAST + 1)
        .map((value, k) => [k, `${across(k)} ${up(value)}`])
        .filter(([k]) => k < 100 || k % 10 === 0)
        .map(([, point]) => point);
      const start = `${across(-EARLIER)} ${up(1)}L${across(-1)} ${up(1)}`;
      return `<path class="${of}" stroke-width="2" stroke-linejoin="round"${dash} d="M${start}L${points.join('L')}"/>`;
    }),
    [0, 200, 400, 600, 800, 1000].map((k) => text(across(k), y + height + 20, k, { of: 'quiet', anchor: 'middle' })),
  ];
}

/** `states`: those of `afterSpike`. */
export function spikePicture(states) {
  const [m, root, update] = ['m', 'root', 'update'].map((name) => states.map((state) => state[name]));
  return picture(720, 520, 'm, √v and the update of Adam before and after one gradient of 100 among gradients of 1', [
    diagram({ y: 44, height: 180 }, 12, 'm and √v', [
      { of: 'second', dash: ' stroke-dasharray="8 4"', values: root },
      { of: 'first', dash: '', values: m },
    ]),
    '<path class="first" stroke-width="2" d="M330 76h28"/>',
    text(366, 80, 'm: large for 20 updates', { of: 'first' }),
    '<path class="second" stroke-width="2" stroke-dasharray="8 4" d="M330 100h28"/>',
    text(366, 104, '√v: above 2 for 1,000 updates', { of: 'second' }),
    diagram({ y: 290, height: 180 }, 4, 'the update, divided by lr', [{ of: 'third', dash: '', values: update }]),
    text(X + WIDTH / 2, 510, 'updates after the spike', { of: 'quiet', anchor: 'middle' }),
  ]);
}
