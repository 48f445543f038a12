/** The fields of jobs: kernels/wasm/assembly/jobs.ts lists them, and the host writes them by the same names. */
import { readFileSync } from 'node:fs';
import { translateJobs } from '../../kernels/wasm/build-jobs.mjs';
import { JOB, JobWriter, Kind } from '../../kernels/wasm/jobs.js';

const assembly = readFileSync(new URL('../../kernels/wasm/assembly/jobs.ts', import.meta.url), 'utf8');

/** What AssemblyScript lays out: fields of 4 bytes, in the order of their declarations. */
const JOBS = [...assembly.matchAll(/^export class (\w+) \{\n([^}]*)\}/gm)].map(([, name, body]) => ({
  name,
  fields: [...body.matchAll(/^ {2}(\w+): (usize|i32|f32);/gm)].map(([, field, type], n) => ({ field, type, n })),
}));

test('every kind of job has its fields', () => {
  const kinds = JOBS.map(({ name }) => name[0].toLowerCase() + name.slice(1));
  expect(kinds).toEqual(Object.values(Kind).filter((kind) => typeof kind === 'string'));
  expect(Math.min(...JOBS.map(({ fields }) => fields.length))).toBeGreaterThanOrEqual(3);
});

test.each(JOBS)('$name: the host writes each field where the module reads it', ({ name, fields }) => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const writers = new JobWriter(memory) as unknown as Record<string, (job: object) => Kind>;
  // The fields come in another order than the declared one: their names decide.
  const values = fields.map(({ field, type, n }) => [field, type === 'f32' ? n + 0.5 : 1000 + n] as const).reverse();
  const kind = name[0].toLowerCase() + name.slice(1);
  expect(Kind[writers[kind](Object.fromEntries(values))]).toBe(kind);
  const view = new DataView(memory.buffer);
  for (const { type, n } of fields) {
    const at = JOB + 4 * n;
    if (type === 'f32') expect(view.getFloat32(at, true)).toBe(n + 0.5);
    else expect(view.getUint32(at, true)).toBe(1000 + n);
  }
});

test('a missing field and a wrong name are type errors, which npm run check reports', () => {
  const mistakes = (jobs: JobWriter): void => {
    // @ts-expect-error: size is missing
    jobs.copy({ out: 0, a: 0 });
    // @ts-expect-error: a row is no field of Fill
    jobs.fill({ out: 0, size: 1, value: 0, row: 0 });
  };
  expect(mistakes).toBeInstanceOf(Function);
});

describe('the translation refuses', () => {
  const KINDS = 'export enum Kind { copy }\n';

  test.each(['f64', 'bool', 'u8'])('a field of type %s, which has no place of 4 bytes', (type) => {
    expect(() => translateJobs(`${KINDS}export class Copy { out: ${type}; }`)).toThrow(
      `assembly/jobs.ts: a field must be usize, i32 or f32: out: ${type};`,
    );
  });

  test('a kind without fields, and fields without a kind', () => {
    const message = 'assembly/jobs.ts: the classes must be those of Kind, in its order: copy';
    expect(() => translateJobs(KINDS)).toThrow(message);
    expect(() => translateJobs(`${KINDS}export class Fill { out: usize; }`)).toThrow(message);
  });

  test('anything but constants, enums and classes', () => {
    expect(() => translateJobs('export function f(): void {}')).toThrow(
      'assembly/jobs.ts: neither a constant nor an enum nor a class: export function f(): void {}',
    );
  });
});
