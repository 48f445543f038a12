/** The series as a picture, and what the plan says of it: seasons, parts, and what the networks read. */
import { element, setText } from '../dom.js';
import type { SeriesFacts } from './results.js';
import { TimeChart } from './time-chart.js';

export class SeriesPicture {
  private readonly chart = new TimeChart(element('series-chart', HTMLElement), {
    lines: [{ label: 'value', colour: '--ink' }],
    height: 220,
  });

  /** Undefined: there is no series. */
  show(facts: SeriesFacts | undefined): void {
    element('series-picture', HTMLElement).hidden = !facts;
    setText('series-facts', facts?.words ?? '');
    if (!facts) return;
    const { predict, words, seasons, parts, line, inputs } = facts;
    setText('series-predict', predict);
    setText('series-seasons', seasons);
    setText('series-inputs', inputs.join(', '));
    for (const part of parts) setText(`part-${part.name}`, part.span);
    const shades = parts.map(({ name, from, to }) => ({ from, to, colour: `--part-${name}` }));
    this.chart.show(line.times, [line.values], shades);
    this.chart.describe(`${predict}: ${words}; ${seasons}`);
  }
}
