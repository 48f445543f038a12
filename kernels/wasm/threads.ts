/** Helper threads: worker_threads in Node, Web Workers in a page that is cross-origin isolated. */

interface ThreadSetup {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** The thread's number; thread 0 made the backend. */
  readonly index: number;
  /** The number of threads. */
  readonly count: number;
  /** The address of the thread's own scratch memory. */
  readonly scratch: number;
  /** Whether its products use the tiles for merged vectors: 1 or 0. */
  readonly isWide: number;
}

export interface Threads {
  /** The number of helpers. */
  readonly count: number;
  /** Why there are no helpers, if some were requested and could not be started. */
  readonly blocked?: string;
  /** An error that says why a helper has died, if one has. */
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

/** How many threads this computer can run at once, including the present one. */
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
 * Starts a helper for each setup, or none if the environment allows no workers. In Node their start is not awaited: until
 * a helper has started, the other threads do its share. In a page it is awaited, because only a worker's first message
 * shows that it was not blocked.
 */
export async function startThreads(setups: readonly ThreadSetup[]): Promise<Threads> {
  let failure: Error | undefined;
  const died = (reason: string): void => {
    failure ??= new Error(`wasm: a worker thread has died (${reason}); make a new backend`);
  };
  const node = nodeModule('node:worker_threads');
  const lack = node && lackOfAddresses(setups.length);
  if (lack !== undefined) return noThreads(lack);
  const workers = setups.map((setup) => (node ? workerInNode(node, setup, died) : workerInPage(setup, died)));
  const stopAll = async (): Promise<void> => {
    await Promise.all(workers.map(async (worker) => (await worker.catch(() => undefined))?.()));
  };
  try {
    await Promise.all(workers);
  } catch (error) {
    await stopAll();
    return noThreads((error as Error).message);
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

const noThreads = (blocked: string): Threads => ({
  count: 0,
  blocked,
  failure: () => undefined,
  terminate: async () => {},
});

/** In bytes. Measured on Node 20: a worker reserves 570 MB of addresses. */
const ADDRESSES_OF_A_WORKER = 640e6;

/** Says that a limit of the address space leaves no room for workers, of which V8 would abort the process. Knows it on Linux only. */
function lackOfAddresses(workers: number): string | undefined {
  const number = (file: string, pattern: RegExp): number => {
    try {
      const text = nodeModule('node:fs')?.readFileSync(`/proc/self/${file}`, 'latin1') ?? '';
      return Number(pattern.exec(text)?.[1] ?? NaN);
    } catch {
      return NaN;
    }
  };
  const limit = number('limits', /^Max address space +(\d+)/m); // NaN: there is none
  const left = limit - 1024 * number('status', /^VmSize:\s+(\d+)/m);
  if (!(left < workers * ADDRESSES_OF_A_WORKER)) return undefined;
  return `${workers} of them need ${(workers * ADDRESSES_OF_A_WORKER) / 1e6} MB of addresses, but ulimit -v leaves ${Math.floor(left / 1e6)}`;
}

type Stop = () => Promise<void>;

/** The code of a helper, whose ThreadSetup is `setup`. A string, so that no bundler has to find a file. */
const HELPER = `
  const { exports: wasm } = new WebAssembly.Instance(setup.module, { env: { memory: setup.memory } });
  wasm.setScratch(setup.scratch);
  wasm.setWide(setup.isWide);
  wasm.setThread(setup.index, setup.count, 1);
  wasm.work();`;

/** Rejects if Node may not start workers, as under its permission model. */
async function workerInNode(
  { Worker }: typeof import('node:worker_threads'),
  setup: ThreadSetup,
  died: (reason: string) => void,
): Promise<Stop> {
  const worker = new Worker(`const { workerData: setup } = process.getBuiltinModule('node:worker_threads');${HELPER}`, {
    eval: true,
    execArgv: [], // the helper needs neither the loaders nor the inspector of the program
    workerData: setup,
  });
  let isStopping = false;
  worker.on('error', ({ message }) => died(message));
  worker.on('exit', (code) => {
    if (!isStopping) died(`exit code ${code}`);
  });
  worker.unref(); // so that a waiting helper does not keep the process alive
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
function nodeModule<Name extends 'node:fs' | 'node:os' | 'node:worker_threads'>(name: Name) {
  const { process: node } = globalThis as { process?: Partial<NodeJS.Process> };
  return node?.getBuiltinModule?.(name);
}
