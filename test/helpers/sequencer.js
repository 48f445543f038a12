/**
 * Which test file begins when. Without the times of an earlier run, Jest begins with the largest files. Those that take long
 * begin first, so that a worker is not left alone with one of them at the end. Others that need much memory begin one after
 * another, because together they would make the peak higher. The site is built before all of them: that needs 1.5 GB.
 */
import Sequencer from '@jest/test-sequencer';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const FIRST = [
  ...[/kernels\/gpu-pages/, /slow\/kernels\/backends/, /slow\/kernels\/wasm/], // no second one in the browser
  /docs\/figures/,
].map((name) => new RegExp(`${name.source}\\.test\\.ts$`));
const LATER = [
  /docs\/site/,
  /training\/pytorch-training/,
  /page\/page/,
  /bench\/bench/,
  /slow\/docs\/measure/,
  /slow\/cells\/cells-gpu/,
  /page\/compute/,
  /bench\/steps/,
].map((name) => new RegExp(`${name.source}\\.test\\.ts$`));

/** The number of files that begin before those of each group of LATER. */
const BETWEEN = 5;

/** Its text calls the function that builds the site. */
const opensSite = ({ path }) => readFileSync(path, 'utf8').includes('builtSite');

/** Vite compiles what a program without Jest imports. */
const BUILD = `
  import { runnerImport } from 'vite';
  const { module } = await runnerImport('./test/helpers/built-site.ts');
  await module.builtSite();`;

export default class extends Sequencer {
  async sort(tests) {
    if (tests.some(opensSite)) {
      execFileSync(process.execPath, ['--input-type=module', '--eval', BUILD], {
        stdio: ['ignore', 'inherit', 'inherit'],
      });
    }
    const order = await super.sort(tests);
    const first = FIRST.flatMap((name) => order.filter(({ path }) => name.test(path)));
    const isLater = ({ path }) => LATER.some((name) => name.test(path));
    const rest = order.filter((one) => !first.includes(one) && !isLater(one));
    const groups = LATER.map((name) => order.filter(({ path }) => name.test(path))).filter((group) => group.length > 0);
    const later = groups.flatMap((group) => [...rest.splice(0, BETWEEN), ...group]);
    return [...first, ...later, ...rest];
  }
}
