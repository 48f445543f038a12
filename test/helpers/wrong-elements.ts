/** `longhand compare` reports the one wrong element of a network's result. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { compareFile } from '../../src/compare/compare.js';
import { templateOf } from '../../src/compare/template.js';
import { changed } from './changed-files.js';
import { numbers, stored } from './compare-files.js';

/** In each of these results in turn. Default: in every result. */
export function testWrongElements(results?: readonly string[]): void {
  test(`one wrong element of ${results?.join(', ') ?? 'any result'} is found, and its index is reported`, async () => {
    const backend = createReferenceBackend({ dtype: 'f64' });
    const kind = { layers: 2, bidirectional: true, lengths: true, reads: 'every', loss: 'squaredError' } as const;
    const template = await templateOf(backend, 1, kind);
    const names = (await compareFile(backend, template, 1e-9, 'f')).differences.map(({ name }) => name);
    expect(names).toHaveLength(4 + 2 * 4 + 2 + 4);
    expect(names).toEqual(expect.arrayContaining([...(results ?? [])]));
    for (const name of results ?? names) {
      const { shape } = template.tensors.get(name)!;
      const values = numbers(template.tensors.get(name)!);
      values[values.length - 1] += 0.5; // the last sequence has T steps
      const file = changed(template, (tensors) => tensors.set(name, stored(values, shape)));
      const wrong = (await compareFile(backend, file, 1e-9, 'f')).differences.filter((one) => !one.ok);
      expect(wrong).toMatchObject([{ name, shape, element: shape.map((extent) => extent - 1) }]);
    }
  });
}
