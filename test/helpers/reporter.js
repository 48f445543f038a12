/** What a run prints at its end: the ten slowest files, and what this computer lacks. And what no run prints. */
import path from 'node:path';

const SLOWEST = 10;

/** Dawn writes it for each adapter of the CPU. */
const NOISE = /^Warning: maxDynamic(Uniform|Storage)BuffersPerPipelineLayout artificially reduced .*\n/gm;

export default class {
  constructor() {
    const write = process.stderr.write.bind(process.stderr); // here Jest passes on what its workers write
    process.stderr.write = (chunk, ...rest) => {
      const text = String(chunk).replace(NOISE, '');
      return text === '' && chunk.length > 0 ? true : write(text, ...rest);
    };
  }

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
