/** `longhand exercises bugs`: “Find the bug” in the terminal, with the programs and the words of the site. */
import { Command } from 'commander';
import { type Bug, searchOf } from '../../exercises/exercise.js';
import { BUGS } from '../../exercises/bugs.js';
import { folderOf, typedExercise } from '../exercise-files.js';
import { keepProgress, keptProgress } from './exercises-files.js';
import { printable, table, print, printLines, printText } from '../print.js';

export const exercisesBugsCommand = (): Command =>
  new Command('bugs')
    .description('Find the wrong line in each of six programs. Do exercises 1 to 8, 10 and 11 first.')
    .argument('[number]', `program to show, 1 to ${BUGS.length} (default: a list of all)`)
    .argument('[line]', 'the line that you say is wrong')
    .action((number: string | undefined, line: string | undefined, _flags: unknown, command: Command) => {
      const folder = folderOf(command);
      const { bugs, exercises } = keptProgress(folder);
      if (number === undefined) {
        printList(bugs);
        return;
      }
      const bug = bugOf(number, command);
      const chosen = bugs[bug.name] ?? [];
      if (line === undefined) {
        printBug(bug, chosen);
        return;
      }
      const choice = lineOf(bug, line, command);
      const isKnown = searchOf(bug, chosen).found || chosen.includes(choice);
      const all = isKnown ? chosen : [...chosen, choice];
      if (all !== chosen) keepProgress(folder, { exercises, bugs: { ...bugs, [bug.name]: all } });
      if (choice === bug.wrongLine) printAnswer(bug, all);
      else printHint(bug, choice);
    });

function bugOf(number: string, command: Command): Bug {
  const bug = /^\d{1,2}$/.test(number) ? BUGS[Number(number) - 1] : undefined;
  return (
    bug ??
    command.error(`error: program ${printable(number)}: there are ${BUGS.length} programs: write 1 to ${BUGS.length}`)
  );
}

function lineOf({ choosable }: Bug, line: string, command: Command): number {
  if (!/^\d{1,3}$/.test(line) || Number(line) < 1 || Number(line) > choosable.length)
    return command.error(
      `error: line ${printable(line)}: the program has ${choosable.length} lines: write 1 to ${choosable.length}`,
    );
  if (!choosable[Number(line) - 1]) return command.error(`error: line ${line} has no code: choose another one`);
  return Number(line);
}

function printList(bugs: Readonly<Record<string, readonly number[]>>): void {
  const rows = BUGS.map((bug, n) => [`${n + 1}. ${bug.title}`, stateOf(bug, bugs[bug.name] ?? [])]);
  printLines(table([['program', 'your progress'], ...rows]));
  print(`${typedExercise('bugs 1')} shows the first one, and bugs 1 9 checks its line 9.`);
}

function stateOf(bug: Bug, chosen: readonly number[]): string {
  const { found } = searchOf(bug, chosen);
  const choices = chosen.length === 1 ? '1 choice' : `${chosen.length} choices`;
  return found ? `found with ${choices}` : chosen.length === 0 ? '' : choices;
}

function printBug(bug: Bug, chosen: readonly number[]): void {
  const { tried, found } = searchOf(bug, chosen);
  const number = BUGS.indexOf(bug) + 1;
  printText(`${number}. ${bug.title}\n\n${plain(bug.shown)}\n\n${bug.evidence}\n\n${bug.curves}\n\n`);
  printText(`${bug.lines.map((line, n) => numbered(line, n, tried)).join('\n')}\n\n`);
  if (found) printAnswer(bug, chosen);
  else print(`Which line is wrong? ${typedExercise(`bugs ${number} LINE`)} checks one.`);
}

/** A line that is known to be right has a mark. */
const numbered = (line: string, n: number, tried: readonly number[]): string =>
  `${String(n + 1).padStart(2)} ${tried.includes(n + 1) ? '✓' : ' '} ${line}`.trimEnd();

function printHint({ lines, hints }: Bug, line: number): void {
  print(`Line ${line} is right: ${lines[line - 1].trim()}`);
  print(plain(hints[line - 1]));
}

function printAnswer(bug: Bug, chosen: readonly number[]): void {
  const { wrongLine, lines, rightText, why, clues } = bug;
  print(`Right. Line ${wrongLine}: ${why}`);
  print(`The line:       ${lines[wrongLine - 1].trim()}`);
  print(`The right line: ${rightText}`);
  print(`How the evidence leads to it. ${clues}`);
  const next = BUGS.at(BUGS.indexOf(bug) + 1);
  print(`You needed ${chosen.length === 1 ? 'one choice' : `${chosen.length} choices`}.`);
  if (next) print(`Next: ${typedExercise(`bugs ${BUGS.indexOf(next) + 1}`)}`);
}

/** Without the marks of Markdown: a link is its words and its document. */
const plain = (text: string): string =>
  text.replace(/\[([^\]]+)\]\(\.\.\/([^)]+)\)/g, '$1 (docs/$2)').replaceAll('`', '');
