/** What a run prints at its end: the ten slowest files, and what this computer lacks. */
import path from 'node:path';

const SLOWEST = 10;

export default class {
  onRunComplete(_, { testResults }) {
    const seconds = ({ perfStats }) => perfStats.runtime / 1000;
    const slowest = testResults.toSorted((a, b) => seconds(b) - seconds(a)).slice(0, SLOWEST);
    const total = testResults.reduce((sum, result) => sum + seconds(result), 0);
    const lines = slowest.map(
      (result) => `${seconds(result).toFixed(1).padStart(8)} s  ${path.relative('', result.testFilePath)}`,
    );
    console.error(`\nThe slowest of ${testResults.length} files, which took ${total.toFixed(0)} s together:`);
    console.error(lines.join('\n'));

    const titles = testResults.flatMap((result) => result.testResults.map(({ title }) => title));
    const missing = new Set(titles.flatMap((title) => /^missing: (.*)/s.exec(title)?.[1] ?? []));
    for (const one of missing) console.error(`Tests were skipped, because this computer lacks ${one}`);
  }
}
