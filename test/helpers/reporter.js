/** What a run prints at its end: the ten slowest files, and what this computer lacks. And what no run prints. */
import path from 'node:path';

const SLOWEST = 10;

/** Dawn writes it for each adapter of the CPU, and a line arrives in several pieces. */
const NOISE = /^Warning: maxDynamic(Uniform|Storage)BuffersPerPipelineLayout artificially reduced .*\n/gm;
const BEGINNING = 'Warning: maxDynamic';

export default class {
  constructor() {
    const write = process.stderr.write.bind(process.stderr); // here Jest passes on what its workers write
    let held = '';
    process.stderr.write = (chunk, ...rest) => {
      const text = (held + String(chunk)).replace(NOISE, '');
      const end = text.lastIndexOf('\n') + 1;
      const line = text.slice(end);
      held = line !== '' && (BEGINNING.startsWith(line) || line.startsWith(BEGINNING)) ? line : '';
      const complete = held === '' ? text : text.slice(0, end);
      return complete === '' && chunk.length > 0 ? true : write(complete, ...rest);
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
