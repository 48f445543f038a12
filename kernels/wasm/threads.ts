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

/** Starts a helper for each setup. They need not be awaited: until a helper has started, the others do its share. */
export function startThreads(setups: readonly ThreadSetup[]): Threads {
  let failure: Error | undefined;
  const died = (reason: string): void => {
    failure ??= new Error(`wasm: a worker thread has died (${reason}); make a new backend`);
  };
  const node = nodeModule('node:worker_threads');
  const stops = node ? startInNode(node, setups, died) : startInPage(setups, died);
  return {
    count: setups.length,
    failure: () => failure,
    terminate: async () => {
      await Promise.all(stops.map((stop) => stop()));
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

function startInNode(
  { Worker }: typeof import('node:worker_threads'),
  setups: readonly ThreadSetup[],
  died: (reason: string) => void,
): Stop[] {
  return setups.map((setup) => {
    const worker = new Worker(
      `const { workerData: setup } = process.getBuiltinModule('node:worker_threads');${HELPER}`,
      {
        eval: true,
        execArgv: [], // not the program's: its loaders and inspector are not for the helper
        workerData: setup,
      },
    );
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
  });
}

function startInPage(setups: readonly ThreadSetup[], died: (reason: string) => void): Stop[] {
  if (setups.length === 0) return [];
  const url = URL.createObjectURL(
    new Blob([`onmessage = ({ data: setup }) => {${HELPER}\n};`], { type: 'text/javascript' }),
  );
  return setups.map((setup) => {
    const worker = new Worker(url);
    // Without a message where the page's policy has kept it from starting.
    worker.onerror = ({ message }) => died(message || 'a Content-Security-Policy must allow worker-src blob:');
    worker.postMessage(setup);
    return async () => {
      worker.terminate();
      URL.revokeObjectURL(url);
    };
  });
}

/** Undefined in a page. Not an import, since bundlers for pages would look for the module. */
function nodeModule<Name extends 'node:os' | 'node:worker_threads'>(name: Name) {
  const { process: node } = globalThis as { process?: Partial<NodeJS.Process> };
  return node?.getBuiltinModule?.(name);
}
