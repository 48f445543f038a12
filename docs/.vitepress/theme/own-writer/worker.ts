/** Checks the reader's gradients of min-char-rnn, and trains on its rhyme with them. */
import { workOn } from '../exercises/limited-run.js';
import { type Checked, type Report, UPDATES } from './results.js';

type Program = typeof import('../../../learn/programs/min-char-rnn.mjs');
type Answer = Pick<Program, 'backward' | 'update'>;

/** Updates from one sample to the next, and its characters. */
const [EVERY, LENGTH] = [100, 160];
/** What the text can call. */
const GIVEN = ['product', 'productTransposed', 'addProduct', 'addRow', 'zerosFor', 'LEARNING_RATE'] as const;

function answerOf(text: string, program: Program): Answer {
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- an answer is a text
  const make = new Function(...GIVEN, `${text}\nreturn { backward, update };`) as (...given: unknown[]) => Answer;
  return make(...GIVEN.map((name) => program[name]));
}

workOn(async (text: string, report: (message: Report) => void) => {
  Object.assign(globalThis, { process: { argv: ['node', '/no-program'] } }); // the program finds out that it is only imported
  const program = await import('../../../learn/programs/min-char-rnn.mjs');
  report({ kind: 'ready' });
  try {
    run(answerOf(text, program), program, report);
    report({ kind: 'end' });
  } catch (error) {
    report({ kind: 'failed', message: `Your code fails: ${String(error)}` });
  }
});

function run(answer: Answer, { RHYME, check, training }: Program, report: (message: Report) => void): void {
  const found: readonly Checked[] | null = check(answer.backward) ?? null;
  report({ kind: 'checked', found });
  if (!found?.every(({ isRight }) => isRight)) return;
  for (const { number, mean, write } of training(RHYME, answer)) {
    if (number % EVERY === 0) report({ kind: 'written', number, mean, text: write(LENGTH) as string });
    if (number === UPDATES) return;
  }
  report({ kind: 'no-update' });
}
