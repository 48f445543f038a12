/**
 * The worker that runs a kernel for the page: it asks the worker that has the device, and those with which /measure measures, if this site has
 * them. With it, all of them end.
 */
import {
  type Asked,
  type Row,
  figuresFor,
  gflopsOf,
  longhandIn,
  ratioTo,
  runKernel,
  RunError,
  tooLong,
  verdictOf,
} from '../../../../bench/kernel/drive.js';
import { type Language, LANGUAGE_NAMES, LANGUAGES } from '../../../../bench/kernel/languages.js';
import { Rival } from '../../../../bench/kernel/rival.js';
import type { Answers, Ask, Refused } from '../../../../bench/kernel/session.js';
import { startsIn } from '../../../../bench/kernel/starts.js';
import { intensityOf, roofOf } from '../../../../bench/measure/peak.js';
import type { CandidateProcess, Started } from '../../../../bench/measure/protocol.js';
import type { Size } from '../../../../bench/steps/product-steps.js';
import { type Order, type Report, type Task, LONGHAND, NAIVE } from './tasks.js';

const tell = (report: Report): void => postMessage(report);

onmessage = ({ data }: MessageEvent<Order>): void => {
  if (data.order === 'starts') tell({ starts: LANGUAGE_NAMES.flatMap(startsOf) });
  else void run(data);
};

/** GPU.js computes in WebGL 2, which nearly all browsers have. */
const startsOf = (language: Language) => startsIn(language, 'webgl2').map((start) => ({ language, ...start }));

async function run({ language, source, task, measure, isCompared }: Order & { order: 'run' }): Promise<void> {
  const { size } = task;
  const notes: string[] = [];
  const compared = [{ name: NAIVE, source: startsOf(language)[0].source }];
  try {
    const rivals = isCompared ? [tensorflow(language, measure)] : [];
    const rows = await runKernel(new KernelWorker(), { language, source, size, compared, rivals }, (news) => {
      if (news.kind === 'executor') notes.push(`It runs on ${news.executor}.`);
      if (news.kind === 'right')
        notes.push(`It is right at ${news.sizes.length} sizes; ${LANGUAGES[language].checked}.`);
      if (news.kind === 'absent') notes.push(`${news.name} is not compared: ${news.reason}.`);
      if (news.kind === 'times') tell({ cells: figuresFor(size, news.rows), progress: news.turn / news.of });
      else tell({ words: notes });
    });
    const words = [...notes, verdictOf(rows), taskWords(task, rows)];
    tell({ words, ratio: reached(task, rows) ?? 0 });
    const limits = await limitsOf(language, measure);
    if (limits) tell({ words: [...words, rooflineWords(size, rows[0], limits)] });
    tell({ isOver: true });
  } catch (error) {
    const { line, message } = error instanceof RunError ? error : new RunError(`The run failed: ${String(error)}`);
    const words = [...notes, line === undefined ? message : `Line ${line}: ${message}`];
    tell({ words, failure: line === undefined ? {} : { line }, isOver: true });
  }
}

/** The row that the task compares the kernel with. */
const rowOf = ({ against }: Task, rows: readonly Row[]): Row | undefined =>
  against === LONGHAND ? longhandIn(rows) : rows.find(({ name }) => name === against);

/** How many times as fast the kernel was as the task's row; undefined before there are times. */
const reached = (task: Task, rows: readonly Row[]): number | undefined => ratioTo(rows, rowOf(task, rows));

function taskWords(task: Task, rows: readonly Row[]): string {
  const ratio = reached(task, rows);
  if (ratio === undefined) return '';
  const found = `${ratio.toFixed(2)} times as fast as ${task.against}`;
  return ratio >= task.ratio
    ? `The task is done: ${found}.`
    : `The task needs ${task.ratio} times; your kernel is ${found}.`;
}

/** What the device reaches at most, as /measure finds it. */
interface Limits {
  readonly gflops: number;
  readonly gigabytes: number;
}

/** Which limit of the device holds for this product, and how near the reader's kernel comes to it. */
function rooflineWords([M, K, N]: Size, own: Row, limits: Limits): string {
  const limit = roofOf(limits, intensityOf({ M, K, N }));
  const what = limit === limits.gflops ? 'multiply-adds' : 'memory';
  const reached = gflopsOf([M, K, N], own);
  return `The roofline is at ${limit.toPrecision(3)} GFLOPS here, because of ${what}; your kernel reaches ${((100 * reached) / limit).toPrecision(2)}% of it.`;
}

type Answer = Answers[keyof Answers] | Refused;

/** A page can end its worker, but not the browser's process that computes for the GPU. */
const STILL =
  'The browser may still compute a kernel that does not end: if the next run does not begin, close the browser, and open it again.';

/** Started when it is first asked, and again after it had to be ended. */
class KernelWorker implements Asked {
  private worker: Worker | undefined;
  private fail: ((error: RunError) => void) | undefined;

  async ask(ask: Ask, limitMs: number): Promise<Answer> {
    const worker = (this.worker ??= new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }));
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      return await new Promise<Answer>((resolve, reject) => {
        this.fail = reject;
        timer = setTimeout(() => this.end(`${tooLong(ask, limitMs)} ${STILL}`), limitMs);
        worker.onmessage = ({ data }: MessageEvent<Answer>) => resolve(data);
        worker.onerror = (event) => {
          event.preventDefault(); // it is shown on the page
          this.end(
            `The kernel’s worker failed: ${event.message || 'it could not be loaded'}. Try again, or reload the page.`,
          );
        };
        worker.postMessage(ask);
      });
    } finally {
      clearTimeout(timer);
      this.fail = undefined;
    }
  }

  /** No message stops a kernel that does not end. */
  end(why: string): void {
    this.worker?.terminate();
    this.worker = undefined;
    this.fail?.(new RunError(why));
  }
}

/** These workers end by themselves, but on a busy computer TensorFlow.js can need more than ten seconds to start. */
const LIMIT_MS = 60_000;

/** A worker of /measure: bench/browser/page/worker.ts, as the build of the site bundles it. */
class MeasureWorker implements CandidateProcess {
  private readonly worker: Worker;

  constructor(address: string) {
    this.worker = new Worker(address, { type: 'module' });
  }

  ask<Result>(request: object): Promise<Result> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.close();
        reject(new Error(`it did not answer within ${LIMIT_MS / 1000} seconds`));
      }, LIMIT_MS);
      this.worker.onmessage = ({ data }: MessageEvent<Result & { readonly failure?: string }>) => {
        clearTimeout(timer);
        if (data.failure === undefined) resolve(data);
        else reject(new Error(data.failure));
      };
      this.worker.onerror = (event) => {
        event.preventDefault();
        clearTimeout(timer);
        reject(new Error(event.message || 'this site has no files for it'));
      };
      this.worker.postMessage(request);
    });
  }

  close(): void {
    this.worker.terminate();
  }
}

/** TensorFlow.js's backend beside that of Longhand. */
const RIVAL = { wgsl: 'webgpu', 'gpu.js': 'webgl', assemblyscript: 'wasm' } as const satisfies Record<Language, string>;

const tensorflow = (language: Language, measure: string): Rival =>
  new Rival(`tensorflow-${RIVAL[language]}`, async () => {
    const process = new MeasureWorker(measure);
    const options = { mode: RIVAL[language], threads: 1 };
    const hello = await process.ask<Started['hello']>({ program: 'tensorflow', options });
    return { process, hello };
  });

/** More than the caches of most processors. */
const COPIED_BYTES = 2 ** 26;

/** Of the GPU, also for WebGL, or of one thread; undefined if this site, or the device, does not say. */
async function limitsOf(language: Language, measure: string): Promise<Limits | undefined> {
  const process = new MeasureWorker(measure);
  try {
    if (language !== 'assemblyscript') return await process.ask<Limits>({ limit: 'webgpu' });
    const peak = await process.ask<Pick<Limits, 'gflops'>>({ limit: 'peak' });
    return { ...peak, ...(await process.ask<Pick<Limits, 'gigabytes'>>({ limit: 'copy', bytes: COPIED_BYTES })) };
  } catch {
    return undefined;
  } finally {
    process.close();
  }
}
