/** The task of docs/learn/plain-rnn.md. It runs in Node and in the browser. */

/** All sequences of T steps with one A [1,0,0] and one B [0,1,0]; the other steps are [0,0,1]. Label 0: A comes first; 1: B. */
export function whichCameFirst(T) {
  const pairs = [...Array(T * T).keys()].map((n) => [n % T, Math.floor(n / T)]).filter(([a, b]) => a !== b);
  const inputAt = (t, [a, b]) => Float64Array.from(t === a ? [1, 0, 0] : t === b ? [0, 1, 0] : [0, 0, 1]);
  const x = Array.from({ length: T }, (_, t) => pairs.map((pair) => inputAt(t, pair)));
  return { x, labels: pairs.map(([a, b]) => (a < b ? 0 : 1)) };
}
