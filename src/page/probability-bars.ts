/** The ten class probabilities: for each class a bar for the current row, and a strip with the values after every row. */
import { element, made } from './dom.js';
import { paintHeatmap } from './heatmaps.js';

export class ProbabilityBars {
  private readonly place = element('probabilities', HTMLElement);
  private readonly bars = Array.from({ length: 10 }, (_, digit) => {
    const line = made('div', 'probability');
    const track = made('span', 'track');
    const fill = made('span', 'fill');
    const percentage = made('span', 'percentage');
    const history = made('canvas');
    track.append(fill);
    line.append(made('b', '', String(digit)), track, percentage, history);
    this.place.append(line);
    return { line, fill, percentage, history };
  });

  /** `probabilities` is `[T,10]`: after each row. The bars show those after `row` rows, or nothing if `row` is 0. */
  show(probabilities: Float32Array, T: number, row: number): void {
    const C = this.bars.length;
    const now = row === 0 ? null : probabilities.subarray((row - 1) * C, row * C);
    const best = now ? now.indexOf(Math.max(...now)) : -1;
    this.bars.forEach(({ line, fill, percentage, history }, digit) => {
      line.classList.toggle('best', digit === best);
      fill.style.width = `${100 * (now?.[digit] ?? 0)}%`;
      percentage.textContent = now ? percent(now[digit]) : '';
      const overRows = Float32Array.from({ length: T }, (_, t) => probabilities[t * C + digit]);
      paintHeatmap(history, overRows, [1, T], row);
    });
    element('prediction', HTMLElement).textContent = now ? String(best) : 'nothing yet';
    this.place.setAttribute(
      'aria-label',
      now
        ? `Class probabilities: ${Array.from(now, (p, digit) => `${digit} ${percent(p)}`).join(', ')}`
        : 'No row has been read',
    );
  }
}

const percent = (share: number): string => `${Math.round(100 * share)}%`;
