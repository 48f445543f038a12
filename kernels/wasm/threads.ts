/** Helper threads: worker_threads in Node, Web Workers in a page that is cross-origin isolated. */

export interface ThreadSetup {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Which of how many threads; the first is the one that makes the backend. */
  readonly index: number;
  readonly count: number;
  /** Where the thread's own scratch memory begins. */
  readonly scratch: number;
}

export interface Threads {
  readonly count: number;
  /** Why there is no helper, if some were asked for and could not be started. */
  readonly blocked?: string;
  /** Why a thread has died, once one has. */
  failure(): Error | undefined;
  terminate(): Promise<void>;
}

/** Whether threads can share memory: always in Node, and in a page that is cross-origin isolated. */
export function canShareMemory(): boolean {
  return (
    nodeModule('node:worker_threads') !== undefined ||
    (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === true
  );
}

/** How many threads this machine can run at once, the present one among them. */
export function availableThreads(): number {
  return nodeModule('node:os')?.availableParallelism() ?? navigator.hardwareConcurrency;
}

/** Whether this thread may sleep until another wakes it; the main thread of a page may not. */
export function maySleep(): boolean {
  if (!canShareMemory()) return false;
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1); // returns at once: 0 is not 1
    return true;
  } catch {
    return false;
  }
}

/**
 * Starts a helper for each setup, or none if the environment allows no workers. In Node they are not awaited: until a
 * helper has started, the others do its share. In a page, where only its first message shows that a worker was not
 * blocked, they are.
 */
export async function startThreads(setups: readonly ThreadSetup[]): Promise<Threads> {
  let failure: Error | undefined;
  const died = (reason: string): void => {
    failure ??= new Error(`wasm: a worker thread has died (${reason}); make a new backend`);
  };
  const node = nodeModule('node:worker_threads');
  const workers = setups.map((setup) => (node ? workerInNode(node, setup, died) : workerInPage(setup, died)));
  const stopAll = async (): Promise<void> => {
    await Promise.all(workers.map(async (worker) => (await worker.catch(() => undefined))?.()));
  };
  try {
    await Promise.all(workers);
  } catch (error) {
    await stopAll();
    return { count: 0, blocked: (error as Error).message, failure: () => undefined, terminate: async () => {} };
  }
  return {
    count: setups.length,
    failure: () => failure,
    terminate: async () => {
      await stopAll();
      failure = undefined;
    },
  };
}

type Stop = () => Promise<void>;

/** What a helper runs; the setup is called `setup` there. A string, so that no bundler has to find a file. */
const HELPER = `
  const { exports: wasm } = new WebAssembly.Instance(setup.module, { env: { memory: setup.memory } });
  wasm.setScratch(setup.scratch);
  wasm.setThread(setup.index, setup.count, 1);
  wasm.work();`;

/** Rejects if Node may start no workers, as under its permission model. */
async function workerInNode(
  { Worker }: typeof import('node:worker_threads'),
  setup: ThreadSetup,
  died: (reason: string) => void,
): Promise<Stop> {
  const worker = new Worker(`const { workerData: setup } = process.getBuiltinModule('node:worker_threads');${HELPER}`, {
    eval: true,
    execArgv: [], // not the program's: its loaders and inspector are not for the helper
    workerData: setup,
  });
  let isStopping = false;
  worker.on('error', ({ message }) => died(message));
  worker.on('exit', (code) => {
    if (!isStopping) died(`exit code ${code}`);
  });
  worker.unref(); // a waiting helper keeps no process alive
  return async () => {
    isStopping = true;
    await worker.terminate();
  };
}

/** Rejects if the page's Content-Security-Policy keeps the worker from starting. */
async function workerInPage(setup: ThreadSetup, died: (reason: string) => void): Promise<Stop> {
  const script = `onmessage = ({ data: setup }) => {\n  postMessage('started');${HELPER}\n};`;
  const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  try {
    const worker = new Worker(url);
    const started = new Promise((resolve, reject) => {
      worker.onmessage = resolve;
      worker.onerror = reject;
    });
    worker.postMessage(setup);
    await started;
    worker.onerror = ({ message }) => died(message);
    return async () => worker.terminate();
  } catch (reason) {
    // a blocked worker's event has no message, and its SecurityError names no directive
    const { name, message } = reason as Partial<ErrorEvent & Error>;
    const isBlocked = !message || name === 'SecurityError';
    throw new Error(isBlocked ? 'a Content-Security-Policy must allow worker-src blob:' : message, { cause: reason });
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** Undefined in a page. Not an import, since bundlers for pages would look for the module. */
function nodeModule<Name extends 'node:os' | 'node:worker_threads'>(name: Name) {
  const { process: node } = globalThis as { process?: Partial<NodeJS.Process> };
  return node?.getBuiltinModule?.(name);
}
