/** A Node process with one candidate in it: `child.js PROGRAM OPTIONS`, started by spawned-process.ts. */
import { enableRelaxedSimd } from '../../kernels/wasm/relaxed-in-node.js';
import type { Program, Start, StartOptions } from '../program.js';
import { largestRssMiB } from './memory.js';
import type { Answers, Failure, Request } from './protocol.js';
import { answer } from './protocol.js';
import { Session } from './session.js';

const [name, optionsText] = process.argv.slice(2);

function say(answer: Answers[keyof Answers] | Failure): void {
  process.send?.(answer);
}

function failureOf(error: unknown): Failure {
  return { failure: error instanceof Error ? error.message : String(error) };
}

async function load(): Promise<Program> {
  if (name === 'longhand') enableRelaxedSimd(); // as the command line does
  const { start } = (await import(`../programs/${name}.js`)) as { start: Start };
  return start(JSON.parse(optionsText) as StartOptions);
}

process.on('disconnect', () => process.exit());
try {
  const program = await load();
  const session = new Session(program);
  process.on('message', (request: Request) => {
    answer(session, request, largestRssMiB).then(say, (error: unknown) => say(failureOf(error)));
  });
  const { version, description } = program;
  say({ version, description, engine: `Node ${process.versions.node}` });
} catch (error) {
  say(failureOf(error));
}
