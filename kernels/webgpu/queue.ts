/**
 * The calls that have been made and not yet submitted. A list of calls is compared with the lists before it; a known list is replayed.
 *
 * While calls arrive they are compared with the list that probably comes: the one that followed the last list the time before. In a
 * training loop that is right from the third step on, and a call then costs only this comparison.
 */
import type { FloatArray, Tensor } from '../../src/core/tensor.js';
import type { Allocations } from './allocations.js';
import { type Call, type OperationName, type Option, isCall, placedCall, touches } from './calls.js';
import { Plan } from './plan.js';

/** Lists that are kept. A training run with sequences of many lengths has many; the one that was used longest ago goes first. */
const MOST_PLANS = 64;
/** A program that never waits for a result is submitted in pieces. */
const MOST_CALLS = 100_000;

export class Queue {
  /** Lists that were made from calls, and lists that were replayed. */
  readonly counts = { recorded: 0, replayed: 0 };
  private plans: Plan[] = [];
  private last: Plan | undefined;
  /** The list that probably comes; undefined once a call differs from it. */
  private expected: Plan | undefined;
  /** The calls so far, if they differ from the expected list. */
  private calls: Call[] = [];
  private numbers: (readonly number[])[] = [];

  constructor(
    private readonly allocations: Allocations,
    private readonly makePlan: (calls: readonly Call[]) => Plan,
  ) {}

  add(operation: OperationName, views: readonly Tensor[], numbers: readonly number[], option: Option = ''): void {
    const n = this.numbers.length;
    const call = this.expected?.calls[n];
    if (!call || !isCall(call, operation, views, option)) {
      const placed = placedCall(this.allocations, operation, views, option);
      this.depart(n);
      this.calls.push(placed);
    }
    this.numbers.push(numbers);
    if (n + 1 === MOST_CALLS) this.submit();
  }

  /** The list is not the expected one, but has its first `count` calls. */
  private depart(count: number): void {
    if (!this.expected) return;
    this.calls = this.expected.calls.slice(0, count);
    this.expected = undefined;
  }

  /** Submits all calls so far. */
  submit(): void {
    const count = this.numbers.length;
    if (count === 0) return;
    try {
      const plan = this.planOf(count);
      plan.run(this.numbers);
      if (this.last) this.last.next = plan;
      this.last = plan;
      this.expected = plan.next;
    } finally {
      this.calls = [];
      this.numbers = [];
    }
  }

  private planOf(count: number): Plan {
    if (this.expected?.calls.length !== count) this.depart(count);
    const known = this.expected ?? this.plans.find(({ calls }) => isList(calls, this.calls));
    if (known) {
      this.counts.replayed++;
      this.plans.push(...this.plans.splice(this.plans.indexOf(known), 1)); // the order is that of their last use
      return known;
    }
    this.counts.recorded++;
    const plan = this.makePlan(this.calls);
    this.plans.push(plan);
    if (this.plans.length > MOST_PLANS) this.forget([this.plans[0]]);
    return plan;
  }

  /** Changes lists that have been made. */
  changePlans(change: (plan: Plan) => void): void {
    this.plans.forEach(change);
  }

  /** Submits the calls so far if one of them uses the tensor, which the host is about to overwrite or to free. */
  submitIfTouched(data: FloatArray): void {
    const calls = this.expected ? this.expected.calls.slice(0, this.numbers.length) : this.calls;
    if (calls.some((call) => touches(call, data))) this.submit();
  }

  /** Forgets the lists that use the tensor, because it is being freed. */
  forgetTensor(data: FloatArray): void {
    this.forget(this.plans.filter(({ calls }) => calls.some((call) => touches(call, data))));
  }

  private forget(gone: readonly Plan[]): void {
    if (gone.length === 0) return;
    for (const plan of gone) {
      if (this.expected === plan) this.depart(this.numbers.length);
      if (this.last === plan) this.last = undefined;
      plan.dispose();
    }
    this.plans = this.plans.filter((plan) => !gone.includes(plan));
    for (const plan of this.plans) if (plan.next && gone.includes(plan.next)) plan.next = undefined;
  }
}

const isList = (calls: readonly Call[], others: readonly Call[]): boolean =>
  calls.length === others.length &&
  calls.every((call, n) => isCall(call, others[n].operation, others[n].views, others[n].option));
