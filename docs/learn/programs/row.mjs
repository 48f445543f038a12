// @ts-check
/**
 * Numbers in the place of a tensor `[1,n]` or `[n]`, for the engine's functions in the browser: its tensors make functions from texts, which
 * the site does not allow.
 *
 * @param {number[] | Float32Array | Float64Array} values They are changed in place.
 * @returns {any}
 */
export const row = (values) => ({
  shape: [1, values.length],
  get: (/** @type {number[]} */ ...at) => values[at[at.length - 1]],
  set: (/** @type {number[]} */ ...at) => (values[at[at.length - 2]] = at[at.length - 1]),
});
