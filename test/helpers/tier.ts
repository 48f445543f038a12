/** The sizes of tests that both tiers run. test/slow/jest.config.js lists the files of these tests, and sets `slowTier`. */

/** `first` under `npm test`, and `second` under `npm run test:slow`. */
export const inTier = <Value>(first: Value, second: Value): Value => ('slowTier' in globalThis ? second : first);
