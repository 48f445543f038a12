/** `longhand exercises train`: trains a network with the reader's own gradients and Adam. */
import { Command } from 'commander';
import { type AnswerText, EVERY_STEP, exercisesOf, LAST_STEP, solutionOf } from '../../exercises/exercises.js';
import { packagedText } from '../../data/text-files.js';
import type { RunReport } from '../../own-network/own-network.js';
import type { Tested } from '../../own-network/words.js';
import {
  conclusionOf,
  GRADIENTS,
  GRADIENT_HEAD,
  percent,
  shownLoss,
  testRows,
  TESTS,
} from '../../own-network/words.js';
import type { Line } from '../../training/training.js';
import { type Checked, isRight, verdictsOn, summaryOf } from '../verdicts.js';
import { currentRun, untilInterrupted } from '../current-run.js';
import { folderOf } from '../exercise-files.js';
import { wholeNumber } from '../flag-values.js';
import { table, inform, print, printLines, printText } from '../print.js';
import { progressBar } from './run-training.js';

interface Flags {
  readonly text: boolean;
  readonly fill: boolean;
  readonly steps?: number;
}

export const exercisesTrainCommand = (): Command =>
  new Command('train')
    .description(
      'Train a network with your answers. Exit code 0: trained; 1: an answer is missing or wrong; 2: no exercises.',
    )
    .argument('[dir]', 'folder with the answers (default: as check)')
    .option('--text', 'a character model on Moby-Dick, which then writes 200 characters, in place of MNIST', false)
    .option('--fill', "use the engine's own function for an answer that is missing or wrong", false)
    .option('--steps <count>', 'updates (default: 500; text: 1000)', wholeNumber(1, 100_000))
    .action(async (given: string | undefined, flags: Flags, command: Command) => {
      const folder = folderOf(command, given);
      await untilInterrupted(async (signal) => {
        const answers = await answersFrom(folder, flags, signal);
        if (answers) await train(answers, flags, signal);
        else currentRun().exitCode = 1;
      });
    });

/** Names what is missing or wrong. undefined if there is such an answer, and `fill` is not set. */
async function answersFrom(
  folder: string,
  { text, fill }: Flags,
  signal: AbortSignal,
): Promise<AnswerText[] | undefined> {
  const exercises = exercisesOf(text ? EVERY_STEP : LAST_STEP);
  inform(`${exercises.length} answers are checked first.`);
  const checked = await verdictsOn(folder, exercises, signal);
  const wrong = checked.filter((all) => !isRight(all));
  for (const { file, verdict } of wrong.flat()) print(`${file}: ${summaryOf(verdict)}`);
  print(`${checked.length - wrong.length} of ${checked.length} answers are right`);
  if (wrong.length > 0) {
    const names = wrong.map(([{ exercise }]) => exercise.name).join(', ');
    print(
      fill
        ? `The engine's own function computes ${names}.`
        : "The network needs all of them. --fill uses the engine's own function for the others.",
    );
    if (!fill) return undefined;
  }
  return checked.map((all, n) => answerOf(all) ?? solutionOf(exercises[n]));
}

function answerOf(all: readonly Checked[]): AnswerText | undefined {
  const right = all.find(({ verdict }) => verdict.outcome === 'right');
  if (right?.source === undefined) return undefined;
  const { exercise, file, language, source } = right;
  return { name: exercise.name, file, language, source };
}

async function train(
  answers: readonly AnswerText[],
  { text: isText, steps }: Flags,
  signal: AbortSignal,
): Promise<void> {
  const text = isText ? packagedText() : undefined;
  if (isText) print("No exercise asks for (15′), the gradient of a character's row of Wx: it is the engine's.");
  inform("The engine's network is trained first, and then yours: with the same first weights and the same batches.");
  const shown: { bar?: ReturnType<typeof progressBar>; engine?: Tested } = {};
  let began = 0;
  const hear = (report: RunReport): void => {
    const isOwn = report.whose === 'own';
    if (report.kind === 'step') {
      shown.bar ??= progressBar(0, report.steps);
      shown.bar.update(report.step);
      return;
    }
    shown.bar?.clear();
    if (report.kind === 'line') print(`${isOwn ? 'Yours: ' : 'Engine:'} ${lineOf(isText, report)}`);
    if (report.kind === 'gradients') printTable(GRADIENTS, [GRADIENT_HEAD, ...report.rows]);
    if (report.kind !== 'tested') return;
    shown.bar?.stop();
    delete shown.bar;
    if (!isOwn) shown.engine = report;
    else if (shown.engine) printEnd(isText, report, shown.engine);
    if (isOwn) inform(`trained and tested in ${((performance.now() - began) / 1000).toFixed(1)} s, on one thread`);
    began = performance.now();
  };
  const { trainInProcess } = await import('../children/child-process.js'); // with a compiler, as in verdicts.ts
  try {
    await trainInProcess({ answers, text, steps }, hear, signal);
  } finally {
    shown.bar?.stop();
  }
}

const lineOf = (isText: boolean, { step, loss, accuracy }: Line): string =>
  `update ${step}, ${isText ? 'bits per character' : 'loss'} ${shownLoss(isText, loss).toFixed(4)}, accuracy ${percent(accuracy)}`;

function printTable(title: string, rows: readonly (readonly string[])[]): void {
  print(`${title}:`);
  printLines(table(rows));
}

function printEnd(isText: boolean, own: Tested, engine: Tested): void {
  printTable(TESTS, testRows(isText, own, engine));
  print(conclusionOf([], own, engine)); // only right answers are trained with
  if (own.written !== undefined) printText(`Your network writes:\n${own.written}\n`);
}
