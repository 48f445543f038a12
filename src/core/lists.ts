/** Lists: how many of their first elements are so, their mean, and numbers in order. The page loads this only for tables. */

/** How many elements of a list, from its first, are so; none after them may be. */
export function leadingCount<One>(list: readonly One[], is: (one: One, n: number) => boolean): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (is(list[middle], middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The mean of the numbers that are not NaN; NaN if there are none. */
export function meanOf(values: Iterable<number>): number {
  let [sum, count] = [0, 0];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
  }
  return sum / count;
}

/** Numbers in order of size. NaN does not count. */
export class SortedNumbers {
  private readonly sorted: number[] = [];

  get count(): number {
    return this.sorted.length;
  }

  add(value: number): void {
    if (!Number.isNaN(value)) this.sorted.splice(this.placeOf(value), 0, value);
  }

  remove(value: number): void {
    if (!Number.isNaN(value)) this.sorted.splice(this.placeOf(value), 1);
  }

  /** The smallest one is at 0. */
  at(place: number): number | undefined {
    return this.sorted[place];
  }

  sumOfLeast(count: number): number {
    let sum = 0;
    for (let n = 0; n < count; n++) sum += this.sorted[n];
    return sum;
  }

  /** The first place of a number that is not smaller. */
  private placeOf(value: number): number {
    return leadingCount(this.sorted, (one) => one < value);
  }
}
