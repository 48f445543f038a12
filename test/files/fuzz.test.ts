/** Mutated files against every reader; `npm run test:fuzz` does 100,000. */
import { spawnSync } from 'node:child_process';
import { inTier } from '../helpers/needs.js';

const CASES = inTier(520, 2000);
/** One of `EVERY` wrong values in JSON is tried. A field has 17 of them, a prime, so each field is tried with other ones. */
const EVERY = inTier(7, 3);

test(`each of ${CASES} mutated files is read, or refused with a DataError, in bounded time and memory; so is one of ${EVERY} wrong values in JSON`, () => {
  const args = ['test/fuzz.mjs', '--cases', String(CASES), '--every', String(EVERY), '--seed', '2'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(stdout).toMatch(/^wrong values in JSON: \d+ read, \d{3,} refused\n/);
  const counts = [...stdout.matchAll(/^(\S.*?) +(\d+) read +(\d+) refused$/gm)];
  expect(counts).toHaveLength(13);
  // a reader that accepts nothing, or everything, tests nothing
  for (const [, reader, read, refused] of counts)
    expect([reader, Number(read) > 0, Number(refused) > 0]).toEqual([reader, true, true]);
  expect(stdout).toMatch(/\nslowest \d+ ms, at most \d+ MiB; no crash, no other error\n$/);
});
