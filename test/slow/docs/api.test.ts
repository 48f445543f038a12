/** The API reference, as TypeDoc makes it: its pages, and the shape of every tensor in it. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { folder } from '../../helpers/temporary-directories.js';

const out = path.join(folder, 'api');

beforeAll(() => {
  const options = ['--options', 'docs/.vitepress/typedoc.mjs', '--out', out, '--json', `${out}.json`];
  const { status, stderr } = spawnSync('node_modules/.bin/typedoc', options, { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

/** What TypeDoc's JSON has for a name, a signature or a parameter. */
interface Reflection {
  readonly name: string;
  readonly variant: 'project' | 'declaration' | 'signature' | 'param' | 'typeParam' | 'reference';
  readonly comment?: { readonly summary: readonly { text: string }[]; readonly blockTags?: readonly BlockTag[] };
  readonly type?: Type;
  readonly parameters?: readonly Reflection[];
}

interface BlockTag {
  readonly content: readonly { text: string }[];
}

interface Type {
  readonly type: string;
  readonly name?: string;
  readonly types?: readonly Type[];
  readonly elementType?: Type;
  readonly target?: Type;
  readonly typeArguments?: readonly Type[];
}

/** A tensor, or a list, a record, a promise or an alternative of tensors. */
function hasTensor(type: Type | undefined): boolean {
  if (!type) return false;
  if (type.type === 'reference') {
    if (type.name === 'Tensor' || type.name === 'NdArray') return true;
    return /^(Promise|Readonly|Partial|Record|Map)$/.test(type.name!) && (type.typeArguments ?? []).some(hasTensor);
  }
  // what an object holds has comments of its own
  const { types = [], elementType } = type;
  return types.some(hasTensor) || hasTensor(elementType) || (type.type === 'typeOperator' && hasTensor(type.target));
}

const commentOf = ({ comment }: Reflection): string =>
  [comment?.summary ?? [], ...(comment?.blockTags ?? []).map(({ content }) => content)]
    .flat()
    .map(({ text }) => text)
    .join('');

/** `[B,H]`, or `[…]` for any shape. */
const hasShape = (comment: string): boolean => /`\[[^\]]+\]`/.test(comment);

/** The fields, parameters and results that are tensors, as `Lstm.dc` or `zeros()`: true for those with a shape. */
function tensorsIn(api: unknown): Map<string, boolean> {
  const found = new Map<string, boolean>();
  const visit = (node: unknown, where: string, around: string): void => {
    if (typeof node !== 'object' || node === null) return;
    if (!('variant' in node)) {
      for (const [key, value] of Object.entries(node)) if (key !== 'comment') visit(value, where, around);
      return;
    }
    const reflection = node as Reflection;
    const { name, variant, type, parameters = [], ...others } = reflection;
    const isSignature = variant === 'signature';
    const here = isSignature || variant === 'project' ? where : `${where}.${name}`;
    // a type without a name, as in `() => Tensor`, has the comment of the field that it belongs to
    const comment = commentOf(reflection) + (/^__(type|index)$/.test(name) ? around : '');
    const note = (place: string, text: string): void => void found.set(place, hasShape(text));
    if (hasTensor(type) && name !== 'Tensor') note(isSignature ? `${here}()` : here, comment);
    for (const parameter of parameters) {
      if (hasTensor(parameter.type)) note(`${here}(${parameter.name})`, commentOf(parameter) + comment);
      visit(parameter.type, `${here}(${parameter.name})`, comment);
    }
    visit(type, here, comment);
    visit(others, here, comment);
  };
  visit(api, '', '');
  return found;
}

const withoutShape = (api: unknown): string[] => [...tensorsIn(api)].flatMap(([where, has]) => (has ? [] : [where]));

test('the walk finds tensors without a shape', () => {
  const Tensor = { type: 'reference', name: 'Tensor' };
  const tensors = { type: 'typeOperator', operator: 'readonly', target: { type: 'array', elementType: Tensor } };
  const says = (text: string) => ({ summary: [{ kind: 'code', text }] });
  const field = (name: string, type: unknown, text: string) => {
    return { name, variant: 'declaration', type, comment: says(text) };
  };
  const api = {
    name: 'API',
    variant: 'project',
    children: [
      field('a', Tensor, '`[B,H]`'),
      field('b', Tensor, '`[]`'),
      field('c', { type: 'union', types: [tensors, { type: 'intrinsic', name: 'undefined' }] }, 'states'),
      field('d', { type: 'reflection', declaration: field('__type', undefined, '') }, 'number[]'),
      {
        name: 'f',
        variant: 'declaration',
        signatures: [
          {
            name: 'f',
            variant: 'signature',
            comment: says('Sums.'),
            parameters: [
              { name: 'x', variant: 'param', type: Tensor },
              { name: 'y', variant: 'param', type: Tensor, comment: says('`[B]`') },
              { name: 'options', variant: 'param', type: { type: 'reflection', declaration: field('z', Tensor, '') } },
            ],
            type: { type: 'reference', name: 'Promise', typeArguments: [Tensor] },
          },
        ],
      },
    ],
  };
  expect(withoutShape(api)).toEqual(['.b', '.c', '.f()', '.f(x)', '.f(options).z']);
});

test('every tensor that a user can reach has its shape', () => {
  const api = JSON.parse(readFileSync(`${out}.json`, 'utf8')) as unknown;
  expect(withoutShape(api)).toEqual([]);
  const tensors = [...tensorsIn(api).keys()];
  expect(tensors).toEqual(
    expect.arrayContaining(['.longhand.Lstm.dc', '.longhand.zeros()', '.longhand.Backend.matmul(out)']),
  );
  expect(tensors.length).toBeGreaterThan(150);
});

const pages = (): string[] =>
  readdirSync(out, { recursive: true, encoding: 'utf8' })
    .map((name) => name.split(path.sep).join('/'))
    .filter((name) => name.endsWith('.md'));

test('every entry has its name, and every name a short page', () => {
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as { exports: Record<string, unknown> };
  const entries = Object.keys(exports).filter((entry) => entry !== './package.json');
  expect(
    pages()
      .filter((name) => name.endsWith('/index.md'))
      .sort(),
  ).toEqual(entries.map((entry) => path.posix.join('longhand', entry, 'index.md')).sort());
  for (const name of pages()) {
    expect(name).toMatch(
      /^(longhand\/([a-z]+\/)?((functions|interfaces|classes|variables|type-aliases)\/\w+|index)|index)\.md$/,
    );
    const { size } = statSync(path.join(out, name));
    expect([name, size < 20_000 || name === 'longhand/index.md']).toEqual([name, true]);
  }
});

test('a page shows a tensor with its shape, and links to its place in the source', () => {
  const lstm = readFileSync(path.join(out, 'longhand/interfaces/Lstm.md'), 'utf8');
  expect(lstm).toMatch(/\| .*`?dc`?.* \| .*Tensor.* \| .*`\[T\+1,B,H\]`/);
  expect(lstm).toMatch(
    /\[src\/equations\/lstm-tensors\.ts:\d+\]\(\/source\/src\/equations\/lstm-tensors\.ts\.html#L\d+\)/,
  );
});
