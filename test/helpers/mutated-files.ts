/** Mutated files against every reader; `npm run test:fuzz` does 100,000. */
import { spawnSync } from 'node:child_process';

export function testMutatedFiles(cases: number): void {
  test(`each of ${cases} mutated files is read, or refused with a DataError, in bounded time and memory`, () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['test/fuzz.mjs', '--cases', String(cases), '--seed', '2'],
      {
        encoding: 'utf8',
      },
    );
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const counts = [...stdout.matchAll(/^(\S.*?) +(\d+) read +(\d+) refused$/gm)];
    expect(counts).toHaveLength(13);
    // a reader that accepts nothing, or everything, tests nothing
    for (const [, reader, read, refused] of counts) {
      expect([reader, Number(read) > 0, Number(refused) > 0]).toEqual([reader, true, true]);
    }
    expect(stdout).toMatch(/\nslowest \d+ ms, at most \d+ MiB; no crash, no other error\n$/);
  });
}
