/** How far back the error reaches while the network trains, as a moving picture: the README. ../programs/reach.mjs computes its numbers. */
import { readFileSync } from 'node:fs';
import { loadMnist } from '../../../dist/src/data/mnist-files.js';
import { picture, text } from './svg.mjs';

const SECONDS = 1.2; // for each frame
const [TOP, ROW] = [64, 8]; // where row 0 of the image begins, and the height of a row
const [LEFT, WIDTH] = [330, 340]; // of the bars

/** An image of 28 × 28 pixels, in four shades. */
function digit({ pixels, columns, rows }, x, y) {
  return [1, 2, 3, 4].map((shade) => {
    const squares = [];
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++)
        if (Math.ceil((pixels[r * columns + c] / 255) * 4) === shade)
          squares.push(`M${x + c * ROW} ${y + r * ROW}h${ROW}v${ROW}h-${ROW}z`);
    return `<path d="${squares.join('')}" style="fill: var(--ink)" opacity="${shade / 4}"/>`;
  });
}

const bars = (shares) =>
  shares
    .map((share, t) => `M${LEFT} ${TOP + t * ROW + 1}h${(Math.min(1, share) * WIDTH).toFixed(1)}v${ROW - 2}H${LEFT}z`)
    .join('');

/**
 * Each frame is visible for its share of the time. Readers who want no motion see the last one, except at `reach.svg#moving`;
 * `reach.svg#still` shows it to all.
 */
function motion(count) {
  const share = 100 / count;
  return `<style>
  .frame { opacity: 0; animation: show ${(SECONDS * count).toFixed(1)}s step-end infinite; }
  @keyframes show { 0% { opacity: 1; } ${share.toFixed(2)}% { opacity: 0; } 100% { opacity: 0; } }
  #still:target ~ .frame { animation: none; } #still:target ~ .frame:last-of-type { opacity: 1; }
  @media (prefers-reduced-motion: reduce) {
    #moving:not(:target) ~ .frame { animation: none; } #moving:not(:target) ~ .frame:last-of-type { opacity: 1; }
  }
</style>`;
}

export function reachPicture() {
  const frames = JSON.parse(readFileSync(new URL('../programs/reach.json', import.meta.url), 'utf8'));
  const bottom = TOP + 28 * ROW;
  return picture(720, bottom + 56, 'How far back the error reaches while the network trains', [
    motion(frames.length),
    '<g id="still"/><g id="moving"/>',
    text(24, 30, 'How far back the error reaches', { of: 'first' }),
    text(24, 50, 'An LSTM reads an image row by row.', { of: 'quiet' }),
    digit(loadMnist().test, 40, TOP),
    text(LEFT, 50, '‖∂L/∂c‖ after each row, divided by that after the last', { of: 'quiet' }),
    text(LEFT - 8, TOP + 8, 'row 0', { of: 'quiet', anchor: 'end' }),
    text(LEFT - 8, bottom, 'row 27', { of: 'quiet', anchor: 'end' }),
    `<path class="line" d="M${LEFT} ${TOP}V${bottom}M${LEFT + WIDTH} ${TOP}V${bottom}"/>`,
    text(LEFT, bottom + 20, '0', { of: 'quiet', anchor: 'middle' }),
    text(LEFT + WIDTH, bottom + 20, '1', { of: 'quiet', anchor: 'middle' }),
    frames.map(
      ({ step, correct, shares }, n) =>
        `<g class="frame" style="animation-delay: ${(n * SECONDS).toFixed(1)}s"><path d="${bars(shares)}" style="fill: var(--first)"/>${text(LEFT, bottom + 42, `after ${step} ${step === 1 ? 'step' : 'steps'}: ${correct} of 20 images are classified correctly`)}</g>`,
    ),
  ]);
}
