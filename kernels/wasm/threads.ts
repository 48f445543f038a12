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

/** How many threads this machine can run at once, the present one among them; 1 where memory cannot be shared. */
export async function availableThreads(): Promise<number> {
  if (isNode()) return (await import('node:os')).availableParallelism();
  const { crossOriginIsolated = false } = globalThis as { crossOriginIsolated?: boolean };
  return crossOriginIsolated ? navigator.hardwareConcurrency : 1;
}

/** Starts a helper for each setup. They need not be awaited: until a helper has started, the others do its share. */
export async function startThreads(setups: readonly ThreadSetup[]): Promise<Threads> {
  let failure: Error | undefined;
  const died = (reason: string): void => {
    failure ??= new Error(`wasm: a worker thread has died (${reason}); make a new backend`);
  };
  const stops = isNode() ? await startInNode(setups, died) : startInPage(setups, died);
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
  const { exports } = new WebAssembly.Instance(setup.module, { env: { memory: setup.memory } });
  exports.setScratch(setup.scratch);
  exports.setThread(setup.index, setup.count);
  exports.work();`;

async function startInNode(setups: readonly ThreadSetup[], died: (reason: string) => void): Promise<Stop[]> {
  if (setups.length === 0) return [];
  const { Worker } = await import('node:worker_threads');
  return setups.map((setup) => {
    const worker = new Worker(`const { workerData: setup } = require('node:worker_threads');${HELPER}`, {
      eval: true,
      execArgv: [], // not the program's: `--input-type=module` would leave the helper without `require`
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
  });
}

function startInPage(setups: readonly ThreadSetup[], died: (reason: string) => void): Stop[] {
  if (setups.length === 0) return [];
  const url = URL.createObjectURL(
    new Blob([`onmessage = ({ data: setup }) => {${HELPER}\n};`], { type: 'text/javascript' }),
  );
  return setups.map((setup) => {
    const worker = new Worker(url);
    worker.onerror = ({ message }) => died(message);
    worker.postMessage(setup);
    return async () => worker.terminate();
  });
}

function isNode(): boolean {
  return typeof process !== 'undefined' && 'node' in process.versions;
}
