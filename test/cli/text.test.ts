/** A character model on the command line, train --task text, sample, eval, inspect; hostile texts. */
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { CELL_NAMES } from '../../src/cells/names.js';
import { printable } from '../../src/cli/print.js';
import { fill, zeros } from '../../src/core/tensor.js';
import { packagedText } from '../../src/data/text-files.js';
import { classesIn, textTask } from '../../src/data/text.js';
import { loadCheckpoint, saveCheckpoint } from '../../src/training/checkpoint-files.js';
import { Training } from '../../src/door/training.js';
import type { Result } from '../helpers/longhand-process.js';
import { done, failed, jsonOf, longhand, misused, refused, start, words } from '../helpers/longhand.js';
import { savedModel } from '../helpers/random-model.js';
import { checkpointOf } from '../helpers/small-data.js';
import { folder, inFolder } from '../helpers/temporary-directories.js';

const [BOOK, RUN] = [inFolder('book.txt'), inFolder('run.safetensors')];
writeFileSync(BOOK, 'Ein Rösslein springt im Schnee; 雪の中を馬が跳ねる。\n'.repeat(60));
const SMALL = words`--hidden 10,8 --batch-size 5 --steps 12 --learning-rate 0.03 --threads 1`;
const trainOn = (file: string, ...args: string[]): Promise<Result> =>
  longhand(['train', '--task', 'text', '--text', file, ...SMALL, ...args]);
let training: Result;

beforeAll(async () => {
  const options = '--epochs 12 --display-step 20 --validate-every 400 --sample-every 200'.split(' ');
  training = await trainOn(BOOK, ...options, '--checkpoint', RUN);
});

describe('longhand train --task text', () => {
  test('prints lines in nats and bits per character, and samples on standard error', () => {
    expect(training.code).toBe(0);
    const lines = training.stdout.trim().split('\n');
    for (const line of lines.filter((one) => one.startsWith('Iter'))) {
      const [, nats, bits] = /^Iter \d+, Minibatch Loss= (\d\.\d{6}), Bits per Character= (\d\.\d{4})$/.exec(line)!;
      expect(Number(bits)).toBeCloseTo(Number(nats) / Math.LN2, 3);
    }
    const validation = /^Step 400, Validation Loss= \d\.\d{6}, Bits per Character= \d\.\d{4}$/;
    expect(lines.filter((line) => validation.test(line))).toHaveLength(1);
    expect(lines.at(-2)).toBe('Optimization Finished!');
    expect(lines.at(-1)).toMatch(/^Bits per character on the last 129 characters: \d\.\d{4}$/);
    expect(training.stderr).toContain('200 training sequences of 12 characters, batches of 5: 480 steps; seed 1\n');
    expect(training.stderr.match(/^step \d+ writes: /gm)).toEqual(['step 200 writes: ', 'step 400 writes: ']);
  });

  test('reads a document in Japanese; the checkpoint has its vocabulary', () => {
    const { model, training: state } = loadCheckpoint(RUN);
    expect(model.vocabulary!.characters).toEqual([...model.vocabulary!.characters].sort());
    expect(model.vocabulary!.characters).toEqual(expect.arrayContaining(['ö', '雪', '\n']));
    expect(state!.task).toBe('text');
  });

  test('stopped and resumed, it prints the lines of an uninterrupted run', async () => {
    const part = inFolder('part.safetensors');
    const first = await trainOn(BOOK, '--epochs', '1', '--display-step', '20', '--checkpoint', part);
    const more = '--epochs 12 --display-step 20 --threads 2'.split(' ');
    const rest = await longhand(['train', '--resume', part, '--text', BOOK, ...more]);
    const linesOf = ({ stdout }: Result): string[] => stdout.split('\n').filter((line) => line.startsWith('Iter'));
    expect([...linesOf(first), ...linesOf(rest)]).toEqual(linesOf(training));
    expect(loadCheckpoint(part).model.parameters).toEqual(loadCheckpoint(RUN).model.parameters);
  });

  test.each(CELL_NAMES.slice(1))('of the cell %s is inspected, tested and continued', async (cell) => {
    const file = inFolder(`${cell}.safetensors`);
    expect((await trainOn(BOOK, '--epochs', '1', '--cell', cell, '--checkpoint', file)).code).toBe(0);
    expect((await done(['inspect', file])).stdout).toContain(cell);
    expect((await done(['eval', file, '--text', BOOK])).stdout).toMatch(/^Bits|bits per character/i);
    expect(
      Array.from((await done(['sample', file, '--length', '7', '--prime', 'Ein '])).stdout).length,
    ).toBeGreaterThan(7);
  });

  test('is not resumed with a text whose validation part is another, with which the run would end', async () => {
    const [changed, part] = [inFolder('changed.txt'), inFolder('part-of-changed.safetensors')];
    const text = readFileSync(BOOK, 'utf8');
    writeFileSync(changed, text.slice(0, -20) + 'Schnee; '.repeat(4).slice(0, 20));
    expect((await trainOn(BOOK, '--epochs', '1', '--checkpoint', part)).code).toBe(0);
    const resume = ['train', '--resume', part, '--epochs', '2', '--text'];
    expect(await failed([...resume, changed])).toContain(
      'these are 200 different ones (or their text ends otherwise): a run can only be resumed',
    );
    expect((await longhand([...resume, BOOK])).code).toBe(0);
  });

  test('of 0.2.0 without --validate-every, whose digest leaves out the validation part, is resumed', async () => {
    const part = inFolder('part-of-0.2.0.safetensors');
    const { vocabulary, T } = { ...loadCheckpoint(RUN).model, T: 12 };
    const characters = classesIn(readFileSync(BOOK, 'utf8'), vocabulary!);
    const trained = characters.subarray(0, Math.floor(0.95 * characters.length));
    const options = { hidden: [10, 8], batchSize: 5, epochs: 1 };
    const old = await checkpointOf({ characters: trained, vocabulary: vocabulary!, T }, options);
    saveCheckpoint(part, old);
    const { code, stderr } = await longhand(['train', '--resume', part, '--text', BOOK, '--epochs', '2']);
    expect([code, stderr]).toEqual([0, expect.stringContaining('from step 40')]);
    expect(loadCheckpoint(part).training!.data).toBe(old.training!.data);
  });

  test('is not resumed with another text', async () => {
    const other = inFolder('other.txt');
    writeFileSync(other, 'Ein Rösslein springt im Schnee. '.repeat(200));
    expect(await refused(words`train --resume ${RUN} --text ${other} --epochs 4`)).toMatch(
      /^longhand: .*other\.txt: text: character 30 is "\."/,
    );
  });
});

describe('longhand sample', () => {
  const sampled = async (...args: string[]): Promise<string> =>
    (await done(['sample', RUN, '--threads', '1', ...args])).stdout;

  test('writes the prime and then as many characters as asked; --stream and threads change nothing', async () => {
    const args = ['--prime', 'Ein ', '--length', '40', '--temperature', '1'];
    const text = await sampled(...args);
    expect(Array.from(text)).toHaveLength(4 + 40);
    expect(text.startsWith('Ein ')).toBe(true);
    expect(await sampled(...args, '--stream')).toBe(text);
    expect(await sampled(...args, '--threads', '3')).toBe(text);
    expect(await sampled(...args, '--seed', '2')).not.toBe(text);
  });

  test('with temperature 0 has learnt the sentence', async () => {
    const sentence = await sampled('--prime', 'Ein R', '--length', '26', '--temperature', '0');
    expect(sentence).toBe('Ein Rösslein springt im Schnee;');
  });

  test('the default prime is left out if the vocabulary lacks its characters', async () => {
    expect(Array.from(await sampled('--length', '5'))).toHaveLength(5);
    expect(await sampled('--length', '0')).toBe('');
  });

  test.each([
    [['--prime', 'é'], 1, 'longhand: prime: character 0 is "é" (U+00E9), which is not among the'],
    [
      ['--temperature', '-1'],
      2,
      "error: option '--temperature <number>' argument '-1' is invalid. It must be a number ≥ 0.",
    ],
    [['--top', '0'], 2, "error: option '--top <count>' argument '0' is invalid."],
  ])('%j ends with exit code %d', async (args, exitCode, message) => {
    expect(await failed(['sample', RUN, ...args], exitCode)).toContain(message);
  });
});

test.each([[[]], [['--stream']]])('a signal ends a sample %j, and what was written stays', async (flags) => {
  const args = ['sample', RUN, '--threads', '1', '--prime', 'Ein ', ...flags];
  for (let turns = 8; ; turns *= 2) {
    const { code, stdout, interrupt, begun } = start([...args, '--length', '1000000000']);
    await begun; // the command listens to signals
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    interrupt('SIGINT');
    expect(await code).toBe(130);
    const written = stdout.text;
    // the signal may come before the first character
    if (written.length <= 'Ein '.length && turns < 1000) continue;
    const length = String(Array.from(written).length - 'Ein '.length);
    const whole = await done([...args, '--length', length]);
    expect(stdout.text).toBe(whole.stdout);
    break;
  }
});

test('without --text, a run on another text than the installed one says what is missing', async () => {
  expect(await failed(['eval', RUN])).toMatch(/data\.txt: text: character 0 is "C" .*; --text names the run’s text\n$/);
});

describe('longhand eval', () => {
  test('--set and --text exclude each other', async () => {
    expect(await misused(['eval', RUN, '--text', BOOK, '--set', 'train'])).toBe(
      'error: --set cannot be used with --text, which reads a whole file\n',
    );
  });

  test('reads a whole file from a zero state, and names it', async () => {
    const { stdout } = await longhand(['eval', RUN, '--text', BOOK]);
    const [, file, bits] = /^Bits per character on (.*): (\d\.\d{4})\n$/.exec(stdout)!;
    const json = jsonOf(await longhand(['eval', RUN, '--text', BOOK, '--json'])) as Record<string, number>;
    expect(file).toBe(BOOK);
    expect(json).toMatchObject({ set: BOOK, text: BOOK, characters: 43 * 60 });
    expect(json.bitsPerCharacter.toFixed(4)).toBe(bits);
    expect(json.loss / Math.LN2).toBe(json.bitsPerCharacter);
    expect(Number(bits)).toBeLessThan(2.5);
  });

  test('gives the figure with which the training ended, for every batch size', async () => {
    const end = inFolder('end.txt');
    writeFileSync(end, Array.from(readFileSync(BOOK, 'utf8')).slice(-129).join(''));
    const run = inFolder('batches.safetensors');
    for (const B of ['5', '7']) {
      const { stdout } = await trainOn(BOOK, '--epochs', '1', '--batch-size', B, '--checkpoint', run);
      const [, bits] = /^Bits per character on the last 129 characters: (\d\.\d{4})\n$/m.exec(stdout)!;
      expect((await done(['eval', run, '--text', end])).stdout).toBe(`Bits per character on ${end}: ${bits}\n`);
    }
  });

  describe('without --text evaluates the text of the training, or none', () => {
    const head = readFileSync(packagedText(), 'utf8').slice(0, 3000);

    test('not Moby-Dick, although a class for other characters reads any text', async () => {
      const run = inFolder('rare.safetensors');
      expect((await trainOn(BOOK, '--epochs', '1', '--rare', '70', '--checkpoint', run)).code).toBe(0);
      expect(await refused(['eval', run])).toMatch(
        /rare\.safetensors: was trained on another text than .*data\.txt: name/,
      );
    });

    test('not Moby-Dick, although the vocabulary has all its characters', async () => {
      const [text, run] = [inFolder('part.txt'), inFolder('head.safetensors')];
      const characters = Array.from(new Set(readFileSync(packagedText(), 'utf8'))).join('');
      writeFileSync(text, characters + head);
      expect((await trainOn(text, '--epochs', '1', '--checkpoint', run)).code).toBe(0);
      expect(await refused(['eval', run])).toMatch(
        /: was trained on another text than .*data\.txt: name a text with --text/,
      );
      const { model } = loadCheckpoint(run);
      saveCheckpoint(run, { model, training: null });
      expect(await refused(['eval', run])).toMatch(
        /: does not say on which text it was trained: name a text with --text/,
      );
    });

    test('Moby-Dick if the training read it', async () => {
      const run = inFolder('moby.safetensors');
      const split = textTask(readFileSync(packagedText(), 'utf8'), { T: 1000 });
      const training = Training.start(createReferenceBackend(), split, { hidden: 1 });
      saveCheckpoint(run, await training.checkpoint());
      const count = split.validation.characters.length;
      const { stdout } = await done(['eval', run, '--threads', '1']);
      expect(stdout.replace(/\d\.\d{4}\n$/, '')).toBe(
        `Bits per character on the last ${count} characters of ${packagedText()}: `,
      );
    });
  });

  test('with weights so large that a loss is NaN, it and sample and train end with exit code 1', async () => {
    const run = inFolder('huge.safetensors');
    const { model, training: state } = loadCheckpoint(RUN);
    const { outKernel, ...others } = model.parameters;
    const huge = zeros(outKernel.shape);
    fill(huge, 3e38);
    const biases = Object.entries(others).map(([name, tensor]) => {
      const value = zeros(tensor.shape);
      fill(value, 30);
      return [name, value] as const;
    });
    const parameters = { ...Object.fromEntries(biases), outKernel: huge };
    saveCheckpoint(run, { model: { ...model, parameters }, training: state });
    const overflow = 'a number in the network has overflowed: its weights are too large\n';
    expect(await refused(['eval', run, '--text', BOOK])).toBe(`longhand: ${run}: loss is NaN: ${overflow}`);
    expect(await refused(['eval', run, '--text', BOOK, '--json'])).toContain('loss is NaN');
    expect(await refused(['sample', run])).toBe(
      `longhand: sample: after 1 character, logit 0 is Infinity: ${overflow}`,
    );
    const resumed = await longhand(['train', '--resume', run, '--text', BOOK, '--json']);
    expect([resumed.code, resumed.stdout]).toEqual([1, '{"event":"finished","steps":480}\n']);
    expect(resumed.stderr).toContain(`longhand: test: loss is NaN: ${overflow}`);
  });

  test('names a text that is too short', async () => {
    const short = inFolder('nine.txt');
    writeFileSync(short, 'the whale');
    expect((await longhand(['train', '--task', 'text', '--text', short])).stderr).toBe(
      `longhand: ${short}: its first 95%: a text of 7 characters: 50 streams of 50 steps need at least 2501\n`,
    );
    writeFileSync(short, 'e');
    expect((await longhand(['eval', RUN, '--text', short])).stderr).toBe(
      `longhand: ${short}: a text of 1 character: at least 2 are necessary\n`,
    );
  });

  test('refuses --text for a network of images', async () => {
    const images = inFolder('images.safetensors');
    saveCheckpoint(images, { model: savedModel(), training: null });
    const not = `longhand: ${images}: its network was not trained on a text: it has no vocabulary\n`;
    expect(await refused(['sample', images])).toBe(not);
    const flag = `longhand: ${images}: --text: its network was not trained on a text\n`;
    expect(await refused(['eval', images, '--text', BOOK])).toBe(flag);
  });
});

test('longhand inspect shows the vocabulary', async () => {
  expect((await longhand(['inspect', RUN])).stdout).toMatch(/"vocabulary":\{"characters":\["\\n"," ",/);
});

describe('a hostile text ends in one line, with exit code 1', () => {
  const bytes = (name: string, contents: string | Uint8Array): string => {
    writeFileSync(inFolder(name), contents);
    return inFolder(name);
  };
  const huge = (): string => {
    const file = bytes('huge.txt', '');
    truncateSync(file, 100_000_001); // sparse
    return file;
  };

  test.each<[string, () => string, string]>([
    ['invalid UTF-8', () => bytes('latin1.txt', Uint8Array.of(0x61, 0xe9, 0x62)), 'is not a text in UTF-8'],
    ['UTF-16', () => bytes('utf16.txt', Buffer.from('\ufeffab'.repeat(50), 'utf16le')), 'is not a text in UTF-8'],
    ['an empty file', () => bytes('empty.txt', ''), 'the file is empty'],
    ['a byte order mark alone', () => bytes('bom.txt', '\ufeff'), 'the file is empty'],
    ['more than 100 MB', huge, '100000001 bytes, more than the limit of 100000000'],
    ['a directory', () => folder, 'not a file'],
    ['no file', () => inFolder('none.txt'), 'no such file'],
  ])('%s', async (_, make, message) => {
    expect(await refused(['train', '--task', 'text', '--text', make(), ...SMALL])).toContain(message);
  });

  test('its control characters are escaped on a terminal; into a pipe, a sample is what the network wrote', async () => {
    const file = bytes('controls.txt', '\u001b[31m\u0007\u202e\u009b;'.repeat(100));
    const run = inFolder('controls.safetensors');
    const { stdout, stderr, code } = await trainOn(file, '--epochs', '1', '--sample-every', '2', '--checkpoint', run);
    expect(code).toBe(0);
    const sampleIn = async (printsOnTerminal: boolean, ...flags: string[]): Promise<string> =>
      (await longhand(['sample', run, '--prime', ';', ...flags], { printsOnTerminal })).stdout;
    const [onTerminal, inPipe] = [await sampleIn(true), await sampleIn(false)];
    const shown = stdout + stderr + onTerminal;
    const controls = ['\u0007', '\u001b', '\u009b', '\u202e'];
    expect(controls.filter((control) => shown.includes(control))).toEqual([]);
    expect(controls.filter((control) => inPipe.includes(control)).length).toBeGreaterThan(0);
    expect(onTerminal).toBe(`${inPipe.split('\n').map(printable).join('\n')}\n`);
    expect(Array.from(inPipe)).toHaveLength(1 + 500);
    expect([await sampleIn(true, '--stream'), await sampleIn(false, '--stream')]).toEqual([onTerminal, inPipe]);
  });

  test('a byte order mark is dropped, and CRLF is kept', async () => {
    const file = bytes('crlf.txt', '\ufeffab\r\n'.repeat(1) + 'ba\r\n'.repeat(40));
    const run = inFolder('crlf.safetensors');
    expect((await trainOn(file, '--epochs', '1', '--checkpoint', run)).code).toBe(0);
    expect(loadCheckpoint(run).model.vocabulary!.characters).toEqual(['\n', '\r', 'a', 'b']);
    const { stdout } = await longhand(['sample', run, '--prime', 'ba\r\n', '--length', '0']);
    expect(stdout).toBe('ba\r\n'); // no line break that the network did not write
  });
});

test.each([
  [['--text', 'x'], 'error: --text needs --task text'],
  [['--rare', '3'], 'error: --rare needs --task text'],
  [['--sample-every', '9'], 'error: --sample-every needs --task text'],
  [['--task', 'text', '--text', BOOK, '--bidirectional'], 'error: bidirectional: must be false for a text'],
  [['--task', 'text', '--data', '.'], 'error: --data: --task text reads no files of MNIST'],
  [['--task', 'text', '--text', BOOK, '--checkpoint', BOOK], `error: --checkpoint ${BOOK} and --text ${BOOK} are`],
])('%j is refused with exit code 2', async (args, message) => {
  expect(await misused(['train', ...args])).toContain(message);
});

test('--rare above every count says how often characters occur', async () => {
  expect(await refused(words`train --task text --text ${BOOK} ${SMALL} --rare 1000000`)).toBe(
    `longhand: ${BOOK}: rare 1000000: none of the 29 different characters occurs as often, so all would share one class: ` +
      'the most frequent one, " " (U+0020), occurs 300 times\n',
  );
});

test('a resumed run and eval refuse flags of other tasks', async () => {
  const data = `longhand: ${RUN}: --data: its network was trained on a text: leave it out, no files of MNIST are read\n`;
  for (const command of [
    ['train', '--resume', RUN],
    ['eval', RUN],
  ]) {
    expect(await refused([...command, '--text', BOOK, '--data', 'nowhere'])).toBe(data);
  }
  const sums = inFolder('sums.safetensors');
  await longhand(words`train --task adding --steps 2 --hidden 2 --training-iters 101 --checkpoint ${sums}`);
  expect((await longhand(['eval', sums, '--data', 'nowhere'])).stderr).toContain('trained on the adding problem');
  const sampled = await misused(['train', '--resume', sums, '--sample-every', '9']);
  expect(sampled).toBe('error: --sample-every needs a run on a text\n');

  const [there, back] = [inFolder('sums.pytorch.safetensors'), inFolder('sums.longhand.safetensors')];
  await done(['export', sums, '--to', 'safetensors-pytorch', '--output', there]);
  await done(['import', there, '--from', 'safetensors-pytorch', '--output', back]);
  expect(await refused(['eval', back])).toBe(
    `longhand: ${back}: its network has T 2, inputs 2, classes 0, targets 1, but the data have T 28, inputs 28, ` +
      'classes 10, targets 0; the file names no other data than MNIST; data of your own need a program: ' +
      'evaluate(network, data) or resumeTraining(…)\n',
  );
});
