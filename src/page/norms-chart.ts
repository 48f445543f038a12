/** How far back the gradient reaches: ‖∂L/∂h‖ and ‖∂L/∂c‖ after each step of one LSTM. */
import { Chart } from './chart.js';
import type { InspectedLstm } from './inspect-image.js';

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

  show({ dhNorms, dcNorms, reverse }: InspectedLstm, T: number): void {
    const steps = Array.from(dhNorms.keys(), (n) => (reverse ? n + 1 : n)); // in reverse, the initial state is at T+1
    const positive = (norms: Float32Array): (number | null)[] => Array.from(norms, (norm) => (norm > 0 ? norm : null));
    this.chart.show(steps, positive(dhNorms), positive(dcNorms));
    const [zero, all] = (reverse ? [T, 0] : [0, T]).map((n) => dhNorms[n].toPrecision(2));
    const [first, last] = reverse ? ['last', 'first'] : ['first', 'last'];
    this.chart.describe(
      `Gradient norms: ‖∂L/∂h‖ is ${zero} before the ${first} ${this.step}, ${all} after the ${last}`,
    );
  }
}
