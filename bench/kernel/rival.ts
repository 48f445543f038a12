/** Another library's product, in a process or worker of its own, as `npm run bench` measures it. */
import { type Started, decode, encode } from '../measure/protocol.js';
import { statisticsOf } from '../measure/rows.js';
import { messageOf } from '../program.js';
import { type Size, mistakeIn, operandsOf } from '../steps/product-steps.js';

/** How long it is warmed up, and computes in each turn. */
const [WARM_UP_MS, TURN_MS] = [100, 60];

export class Rival {
  private started: Started | undefined;

  /** `start` throws if it cannot run here. */
  constructor(
    readonly name: string,
    private readonly start: () => Promise<Started>,
  ) {}

  /** Why it is not compared at this size; undefined if it is right and warm. */
  async prepare(size: Size): Promise<string | undefined> {
    const [M, K, N] = size;
    const operands = operandsOf(size);
    const inputs = encode({ a: operands.a, b: operands.b });
    try {
      const { process } = (this.started ??= await this.start());
      const { outputs } = await process.ask({ ask: 'prepare', task: { kind: 'matmul', form: 'A·B', M, K, N }, inputs });
      const mistake = mistakeIn(decode(outputs).out, operands);
      if (mistake !== undefined) return `wrong: ${mistake}`;
      await process.ask({ ask: 'warmUp', ms: WARM_UP_MS });
      return undefined;
    } catch (error) {
      this.close();
      return messageOf(error);
    }
  }

  /** ms of one product. */
  async turn(): Promise<number> {
    if (!this.started) throw new Error(`${this.name} has not started`);
    const { times } = await this.started.process.ask({ ask: 'turn', ms: TURN_MS });
    return statisticsOf(times).median;
  }

  close(): void {
    this.started?.process.close();
    this.started = undefined;
  }
}
