/** The programs of docs/learn that train networks print what the chapters show. */
import {
  masked,
  numbersOf,
  outputOf,
  quotedExperiments,
  read,
  testSymptoms,
  testWhichCameFirst,
  tutorialOutput,
} from '../../helpers/chapter.js';
import { linesOf } from '../../helpers/longhand-process.js';
import { longhand } from '../../helpers/longhand.js';

test('tutorial.mjs prints what chapter 1 shows, and the lines of npm start', async () => {
  const shown = tutorialOutput(read('what-an-rnn-is.md'));
  expect(outputOf('tutorial.mjs').trim()).toBe(shown);
  const { stdout } = await longhand(['train', '--deterministic', '--training-iters', '4000']);
  const lines = linesOf(shown).filter((line) => line.startsWith('Iter'));
  expect(linesOf(stdout).slice(0, 3)).toEqual(lines);
  expect(stdout).toContain(`Testing Accuracy: ${Number(/Testing Accuracy: ([\d.]+)/.exec(shown)![1])}`);
});

testWhichCameFirst(24);

test('clipping.mjs prints what the chapter shows', () => {
  expect(read('loss-and-update.md')).toContain(`\n\`\`\`\n${outputOf('clipping.mjs')}\`\`\`\n`);
});

test('networks.mjs prints what the chapter quotes', () => {
  const quoted = [...read('networks.md').matchAll(/```\n([\s\S]*?)```/g)].map(([, block]) => block);
  expect(quoted).toEqual(outputOf('networks.mjs').split(/^(?=\S)/m)); // one thread and the portable build: the same digits on every computer
});

const symptoms = outputOf('symptoms.mjs').split(/^(?=\S)/m);

test('symptoms.mjs prints what the chapter quotes', () => {
  expect(quotedExperiments.map(masked).sort()).toEqual(symptoms.map(masked).sort());
  for (const block of quotedExperiments) {
    const numbers = numbersOf(symptoms.find((other) => masked(other) === masked(block))!);
    numbersOf(block).forEach((number, n) =>
      expect(Math.abs(number - numbers[n])).toBeLessThan(0.002 + 0.02 * Math.abs(number)),
    );
  }
});

testSymptoms('the program printed', symptoms);
