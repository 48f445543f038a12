/** What chance alone explains: the binomial distribution of how many numbers lie in their intervals. */

/**
 * The probability that of `count` numbers at most `inside` lie in their intervals, if `inside` is below the mean `count`·`share`; else that at
 * least as many do. Each lies in its interval with the probability `share`, in 0 … 1, independent of the others.
 */
export function chanceOf(inside: number, count: number, share: number): number {
  // few that lie inside are many that lie outside, so one sum is enough
  const isFew = inside < count * share;
  const [least, p] = isFew ? [count - inside, 1 - share] : [inside, share];
  let term = Math.exp(logarithmOfBinomial(count, least) + least * Math.log(p) + (count - least) * Math.log(1 - p));
  let sum = 0;
  for (let k = least; k <= count && term > 0; k++) {
    sum += term;
    term *= ((count - k) / (k + 1)) * (p / (1 - p));
  }
  return Math.min(sum, 1);
}

/** The logarithm of n! / (k!·(n-k)!): the number itself can be too large. */
function logarithmOfBinomial(n: number, k: number): number {
  let sum = 0;
  for (let i = 1; i <= Math.min(k, n - k); i++) sum += Math.log((n - i + 1) / i);
  return sum;
}
