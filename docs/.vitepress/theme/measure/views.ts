/** What was measured: the device, sentences, the table, and the roofline. A visitor's result from a link stands beside one's own. */
import { type VNode, h } from 'vue';
import { flopsOfProduct } from '../../../../bench/measure/peak.js';
import { crossoverSentence } from '../../../../bench/measure/plan.js';
import type { Device, MeasuredCase, MeasuredRow, MeasuredTask, Result } from '../../../../bench/measure/result.js';
import { roofline } from './roofline.js';
import { labelOf, reasonsOf, significant, titleOf, verdictOf } from './words.js';

/** `notes`: what was left out of one's own. */
export function resultsView(own: Result | undefined, theirs: Result | undefined, notes: readonly string[]): VNode[] {
  if (!own && !theirs) return [];
  return [
    h('div', { class: 'devices' }, [
      own ? deviceView('This device', own) : undefined,
      theirs ? deviceView('The link’s device', theirs) : undefined,
    ]),
    table(own, theirs),
    ...[roofline(own, theirs)].filter((figure) => figure !== undefined),
    ...leftOut('Left out', [...notes, ...reasonsOf(own?.cases ?? [])]),
    ...leftOut('Left out in the link', reasonsOf(theirs?.cases ?? [])),
  ];
}

function deviceView(title: string, { device, limits, cases, date, revision }: Result): VNode {
  const sentences = [verdictOf(cases), crossoverSentence(cases)].filter((sentence) => sentence !== undefined);
  return h('div', { class: 'device' }, [
    h('h3', title),
    ...sentences.map((sentence) => h('p', { class: 'verdict' }, sentence)),
    h(
      'dl',
      [
        ...factsOf(device),
        ...limits.map(({ family, threads, gflops, gigabytes }): [string, string] => [
          family === 'wasm' ? `WebAssembly, ${threads} thread${threads > 1 ? 's' : ''}` : 'WebGPU',
          `${significant(gflops)} GFLOPS, copies ${significant(gigabytes)} GB/s`,
        ]),
        ['Measured', `${date}, Longhand ${revision}`] as [string, string],
      ].map(([name, value]) => h('div', [h('dt', name), h('dd', value)])),
    ),
    device.webgpu
      ? h('details', [
          h('summary', 'Features and limits of WebGPU'),
          h('p', device.webgpu.features.join(', ')),
          h(
            'p',
            Object.entries(device.webgpu.limits)
              .map(([name, value]) => `${name} ${value}`)
              .join(', '),
          ),
        ])
      : undefined,
  ]);
}

function factsOf({ browser, threads, isIsolated, hasRelaxedSimd, webgpu, webgl }: Device): [string, string][] {
  return [
    ['Browser', browser],
    ['Threads', isIsolated ? String(threads) : '1, because the page is not isolated'],
    ['WebAssembly', hasRelaxedSimd ? 'with relaxed SIMD' : 'without relaxed SIMD'],
    ['WebGPU', webgpu?.name ?? 'none'],
    ['WebGL 2', webgl ?? 'none'],
  ];
}

const keyOf = (task: MeasuredTask): string => JSON.stringify(Object.entries(task).sort(([a], [b]) => (a < b ? -1 : 1)));
const sizeOf = (task: MeasuredTask): number =>
  task.kind === 'matmul' ? task.M * task.K * task.N : 1e12 + task.B * task.H;

/** Rows are candidates, columns are cases. A cell has one's own time, and the other visitor's below it. */
function table(own: Result | undefined, theirs: Result | undefined): VNode {
  const cases = [...(own?.cases ?? []), ...(theirs?.cases ?? [])];
  const tasks = [...new Map(cases.map(({ task }) => [keyOf(task), task])).values()].sort(
    (a, b) => sizeOf(a) - sizeOf(b),
  );
  const candidates = [...new Map(cases.flatMap(({ rows }) => rows.map((row) => [labelOf(row), row]))).keys()];
  return h('table', [
    h('caption', theirs && own ? 'Median ms, and GFLOPS; in italics those of the link' : 'Median ms, and GFLOPS'),
    h(
      'thead',
      h('tr', [
        h('th', { scope: 'col' }, 'candidate'),
        ...tasks.map((task) => h('th', { scope: 'col' }, titleOf(task))),
      ]),
    ),
    h(
      'tbody',
      candidates.map((label) =>
        h('tr', [
          h('th', { scope: 'row' }, label),
          ...tasks.map((task) =>
            h('td', [cell(own?.cases, task, label, false), cell(theirs?.cases, task, label, own !== undefined)]),
          ),
        ]),
      ),
    ),
  ]);
}

function cell(
  cases: readonly MeasuredCase[] | undefined,
  task: MeasuredTask,
  label: string,
  isSecond: boolean,
): VNode | undefined {
  const row = cases?.find((one) => keyOf(one.task) === keyOf(task))?.rows.find((one) => labelOf(one) === label);
  if (!row) return undefined;
  return h('span', { class: isSecond ? 'theirs' : 'own', title: row.reason ?? undefined }, timeOf(task, row));
}

function timeOf(task: MeasuredTask, { ms }: MeasuredRow): (VNode | string)[] {
  if (ms === null) return ['–'];
  return [
    significant(ms),
    ...(task.kind === 'matmul' ? [h('small', ` ${significant(flopsOfProduct(task) / ms / 1e6)}`)] : []),
  ];
}

function leftOut(title: string, lines: readonly string[]): VNode[] {
  if (lines.length === 0) return [];
  return [
    h('details', [
      h('summary', `${title}: ${lines.length}`),
      h(
        'ul',
        lines.map((line) => h('li', line)),
      ),
    ]),
  ];
}
