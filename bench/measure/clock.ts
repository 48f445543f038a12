/** Divides a limited time over the cases of a measurement. A case that ends early leaves its time to those after it. */
export class Clock {
  private readonly begin: number;

  constructor(
    private readonly limitMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.begin = now();
  }

  /** At least 0. */
  get leftMs(): number {
    return Math.max(0, this.limitMs - (this.now() - this.begin));
  }

  /** The part that a case of this weight has of the time that is left, when `others` are the weights of the cases after it. */
  part(weight: number, others: readonly number[]): Clock {
    const all = others.reduce((sum, one) => sum + one, weight);
    return new Clock((this.leftMs * weight) / all, this.now);
  }

  /** How long one request may take: a program that hangs leaves the other half to the programs after it. */
  get mostForOneMs(): number {
    return Math.max(LEAST_MS, this.leftMs / 2);
  }

  /** The same for what comes before the timing, to which the last part of the time belongs. */
  get mostToPrepareMs(): number {
    return Math.max(LEAST_MS, this.leftToPrepareMs / 2);
  }

  get leftToPrepareMs(): number {
    return Math.max(0, this.leftMs - FOR_TIMING * this.limitMs);
  }
}

/** A shorter request would be ended by a short pause of a busy computer. */
const LEAST_MS = 1000;
const FOR_TIMING = 0.3;
