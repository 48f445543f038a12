/** A trained network reads drawings of all digits, in every form that paint programs write, with pens of every width. */
import path from 'node:path';
import { loadMnist } from '../../../src/data/mnist-files.js';
import { drawn } from '../../helpers/drawing.js';
import {
  drawings,
  expectMessages,
  FORMS,
  PENS,
  PLACES,
  SIDE,
  trainReader,
  unchangedOf,
  wronglyRead,
} from '../../helpers/drawings.js';
import { encodePng } from '../../helpers/png.mjs';
import { temporaryDirectories } from '../../helpers/temporary-directories.js';

const { directoryOf, remove } = temporaryDirectories();
afterAll(remove);
const RUN = path.join(directoryOf({}), 'run.safetensors');

const mnist = loadMnist();

beforeAll(
  () => trainReader(RUN, mnist.train, { hidden: 64, trainingIters: 40_000, learningRate: 0.005 }),
  600_000, // against hangs: minutes on a busy computer
);

test('every 7 is predicted as 7 with the flags that the message names', async () => {
  const all = [
    ...drawings(7, Object.keys(FORMS), PENS, PLACES.slice(0, 1)),
    ...drawings(7, ['colour, opaque', 'grey and alpha'], PENS, PLACES.slice(1)),
  ];
  expect(all).toHaveLength(14 * 5 + 2 * 5 * 2);
  expect(await wronglyRead(RUN, all)).toEqual([]);
});

test('every other digit is predicted correctly with these flags', async () => {
  const all = [0, 1, 2, 3, 4, 5, 6, 8, 9].flatMap((digit) => drawings(digit, ['grey and alpha'], PENS.slice(2, 4)));
  expect(await wronglyRead(RUN, all)).toEqual([]);
});

test('a 7 is predicted with confidence', () =>
  expectMessages(
    RUN,
    encodePng(FORMS['colour, opaque'](drawn(7, SIDE, { width: 8 }))),
    /seven\.png: 7 \(0\.9\d+\), then /,
  ));

test('the fit leaves MNIST unchanged', () => {
  // in three images the digit has 19 pixels; in one the centre of mass is rounded differently
  expect([unchangedOf(mnist.test, 10_000), mnist.test.count]).toEqual([9996, 10_000]);
});
