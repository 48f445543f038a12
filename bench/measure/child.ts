/**
 * A Node process with one candidate in it: `child.js PROGRAM OPTIONS VECTORS`. `child.js peak {} VECTORS` prints its version and its peak.
 * VECTORS is 128 if V8 may not use wider ones.
 */
import { disableWideVectors, enableRelaxedSimd, enableWideVectors } from '../../kernels/wasm/node-flags.js';
import { compilePeak } from '../assemblyscript.js';
import { type Program, type Start, type StartOptions, failureOf } from '../program.js';
import { largestRssMiB } from './environment.js';
import { measurePeak } from './peak.js';
import { type Answers, type Failure, type Request, answer } from './protocol.js';
import { Session } from './session.js';

const [name, optionsText, vectors] = process.argv.slice(2);
const engine = `Node ${process.versions.node}`;

function say(answer: Answers[keyof Answers] | Failure): void {
  process.send?.(answer);
}

/** As the command line does. */
function setFlags(): void {
  enableRelaxedSimd();
  if (vectors === '128') disableWideVectors();
  else enableWideVectors();
}

async function load(): Promise<Program> {
  if (name === 'longhand') setFlags();
  const { start } = (await import(`../programs/${name}.js`)) as { start: Start };
  return start(JSON.parse(optionsText) as StartOptions);
}

async function serve(): Promise<void> {
  process.on('disconnect', () => process.exit());
  try {
    const program = await load();
    const session = new Session(program);
    process.on('message', (request: Request) => {
      answer(session, request, largestRssMiB).then(say, (error: unknown) => say(failureOf(error)));
    });
    const { version, description } = program;
    say({ version, description, engine });
  } catch (error) {
    say(failureOf(error));
  }
}

/** The peak of one thread with relaxed SIMD, if this Node has it. */
async function printPeak(): Promise<void> {
  setFlags();
  console.log(JSON.stringify({ engine, peak: await measurePeak(await compilePeak()) }));
}

await (name === 'peak' ? printPeak() : serve());
