/** How far back the gradient reaches: ‖∂L/∂h‖ and ‖∂L/∂c‖ after each step of one LSTM. */
import { Chart } from './chart.js';
import type { InspectedLstm } from './inspect-image.js';

/** Smaller norms are left out: uPlot marks a logarithmic axis only down to about 1e-16, and fails below. */
const SMALLEST = 1e-15;

export class NormsChart {
  private readonly chart: Chart;

  /** `step`: what a step reads, for example a row. */
  constructor(
    place: HTMLElement,
    private readonly step: string,
  ) {
    this.chart = new Chart(place, {
      series: [
        { label: '‖∂L/∂h‖', colour: '--below' },
        { label: '‖∂L/∂c‖', colour: '--above' },
      ],
      logarithmic: true,
      height: 140,
      digits: 3,
      x: `after ${step}`,
    });
  }

  /** `last`: the step with the loss. */
  show({ dhNorms, dcNorms, reverse }: InspectedLstm, T: number, last = T): void {
    const steps = Array.from(dhNorms.keys(), (n) => (reverse ? n + 1 : n)); // in reverse, the initial state is at T+1
    const positive = (norms: Float32Array): (number | null)[] =>
      Array.from(norms, (norm) => (norm >= SMALLEST ? norm : null));
    this.chart.show(steps, positive(dhNorms), positive(dcNorms));
    const [zero, all] = (reverse ? [T, 0] : [0, last]).map((n) => dhNorms[n].toPrecision(2));
    const end = last === T ? 'the last' : `${this.step} ${last}`;
    const [from, to] = reverse ? ['last', 'the first'] : ['first', end];
    this.chart.describe(`Gradient norms: ‖∂L/∂h‖ is ${zero} before the ${from} ${this.step}, ${all} after ${to}`);
  }
}
