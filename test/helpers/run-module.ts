/** JavaScript modules that run in a Node of their own, in the project's folder. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const cwd = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Options of Node with which a program sees one processor, so backends have one thread: of small networks a second one mostly waits, on a
 * processor that another test needs. The number of threads changes no result.
 */
export const ON_ONE_PROCESSOR = [
  '--import',
  `data:text/javascript,import os from 'node:os'; os.availableParallelism = () => 1;`,
];

/** The text of one module, under Node's `flags`. */
export function runModule(text: string, flags: string[] = []) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, '--input-type=module'], {
    cwd,
    input: text,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

/** Runs each line of its input, a body of an async function as JSON, and prints what it returns as JSON. */
const ANSWERER = `
  import { createInterface } from 'node:readline';
  const AsyncFunction = (async () => {}).constructor;
  for await (const line of createInterface({ input: process.stdin })) {
    const answer = await new AsyncFunction(JSON.parse(line))().then((value) => ({ value }), (error) => ({ error: error.stack }));
    console.log(JSON.stringify(answer));
    globalThis.gc(); // frees what the answer's networks had, before the next one's
  }`;

/**
 * One process that answers many questions, because the start of a process takes longer than most answers. A question is the
 * body of an async function, and can use what the line `names` declares. `close` checks that nothing was written to stderr.
 */
export function moduleProcess(names = '') {
  const child = spawn(
    process.execPath,
    ['--expose-gc', ...ON_ONE_PROCESSOR, '--input-type=module', '--eval', ANSWERER],
    { cwd },
  );
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = once(child, 'close');
  return {
    ask: async (text: string): Promise<unknown> => {
      child.stdin.write(`${JSON.stringify(`${names}\n${text}`)}\n`);
      const line = await lines.next();
      if (line.done) throw new Error(`the process has ended: ${stderr}`);
      const { value, error } = JSON.parse(line.value) as { value?: unknown; error?: string };
      if (error !== undefined) throw new Error(error);
      return value;
    },
    close: async (): Promise<void> => {
      child.stdin.end();
      expect([await ended, stderr]).toEqual([[0, null], '']);
    },
  };
}
