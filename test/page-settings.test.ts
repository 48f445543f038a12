/** What a person types on the page, or a link says, as a number. */
import { fromQuery, numberFrom, toQuery } from '../src/page/settings.js';

test.each(['0x10', '0b11', '0o7', 'Infinity', 'ten', '', ' ', '1 2', '+5'])('%j is no number', (text) => {
  expect(numberFrom('hidden', text)).toBeNull();
  expect(fromQuery(`?hidden=${encodeURIComponent(text)}`).hidden).toBe(fromQuery('').hidden);
});

test('a learning rate that would become 0 is none', () => {
  expect(numberFrom('learningRate', '1e-400')).toBeNull();
  expect(numberFrom('learningRate', '1e-3')).toBe(0.001);
});

test('spaces around a number do not matter, and a link gives back what it was made of', () => {
  expect(numberFrom('hidden', ' 64 ')).toBe(64);
  const settings = { ...fromQuery(''), hidden: 64, learningRate: 5e-4, rateChanges: [{ step: 120, rate: 1e-5 }] };
  expect(fromQuery(toQuery(settings))).toEqual(settings);
});
