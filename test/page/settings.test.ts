/** The page's settings: the numbers that a visitor types or a link has, their defaults and ranges. */
import { DEFAULTS, fromQuery, LIMITS, numberFrom, pageOptionsOf, rangeOf, toQuery } from '../../src/page/settings.js';
import { OPTIONS } from '../../src/training/option-table.js';
import { TUTORIAL } from '../../src/training/options.js';

test.each(['0x10', '0b11', '0o7', 'Infinity', 'ten', '', ' ', '1 2', '+5'])('%j is not a number', (text) => {
  expect(numberFrom('hidden', text)).toBeNull();
  expect(fromQuery(`?hidden=${encodeURIComponent(text)}`).hidden).toBe(fromQuery('').hidden);
});

test('a learning rate must be above 0, and a number that would become 0 is refused', () => {
  expect(numberFrom('learningRate', '1e-400')).toBeNull();
  expect(numberFrom('learningRate', '0')).toBeNull();
  expect(numberFrom('learningRate', '1e-3')).toBe(0.001);
  expect(rangeOf('learningRate')).toBe('a number above 0, at most 3.4028235e+38');
});

test('spaces around a number are ignored, and a link restores the settings that it was made from', () => {
  expect(numberFrom('hidden', ' 64 ')).toBe(64);
  const settings = { ...fromQuery(''), hidden: 64, learningRate: 5e-4, rateChanges: [{ step: 120, rate: 1e-5 }] };
  expect(fromQuery(toQuery(settings))).toEqual(settings);
});

test('an old link says machine for backend; new links say backend', () => {
  const settings = fromQuery('?machine=webgl2');
  expect(settings.backend).toBe('webgl2');
  expect(toQuery(settings)).toBe('?backend=webgl2');
  expect(fromQuery('?backend=webgpu&machine=webgl2').backend).toBe('webgpu');
});

test('layers and directions are in a link; other values than true and false are ignored', () => {
  const settings = fromQuery('?layers=3&bidirectional=true&lstm=5');
  expect([settings.layers, settings.bidirectional, settings.lstm]).toEqual([3, true, 5]);
  expect(toQuery(settings)).toBe('?layers=3&bidirectional=true&lstm=5');
  for (const text of ['?bidirectional=yes&layers=5&lstm=8', '?bidirectional=false&layers=1&lstm=0']) {
    expect(fromQuery(text)).toEqual(fromQuery(''));
  }
});

test('a list of equal numbers of hidden units becomes one number, and as many layers', () => {
  expect(pageOptionsOf(TUTORIAL)).toMatchObject({ hidden: 128, layers: 1, bidirectional: false });
  expect(pageOptionsOf({ ...TUTORIAL, hidden: 64, layers: 3 })).toMatchObject({ hidden: 64, layers: 3 });
  expect(pageOptionsOf({ ...TUTORIAL, hidden: [64, 64] })).toMatchObject({ hidden: 64, layers: 2 });
});

test.each(['learningRate', 'hidden', 'layers', 'batchSize', 'seed'] as const)(
  '%s has the default of `longhand train`, and no wider range',
  (name) => {
    expect(DEFAULTS.digits[name]).toBe(OPTIONS[name].default);
    // the form has one number of hidden units for all layers
    expect(LIMITS[name].kind).toBe(OPTIONS[name].kind === 'list' ? 'whole' : OPTIONS[name].kind);
    expect(LIMITS[name].least).toBe(OPTIONS[name].least);
    expect(LIMITS[name].most).toBeLessThanOrEqual(OPTIONS[name].most);
  },
);

test('the default run pauses after the tutorial’s 781 steps', () => {
  expect(DEFAULTS.digits.steps).toBe(781);
  expect(DEFAULTS.digits.shuffle).toBe(TUTORIAL.shuffle);
});
