/** An engine runs candidates: a version of Node, here, or Chromium (browser/engine.ts). */
import { type ChildProcess, execFile, fork, spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Candidate, EngineKind } from '../candidates.js';
import { LeftOutError } from '../program.js';
import { UsageError } from '../suites.js';
import { project } from '../versions.js';
import type { Peak } from './peak.js';
import type { Answers, CandidateProcess, Failure, Request, Started } from './protocol.js';

export interface Engine {
  readonly kind: EngineKind;
  /** With its version. */
  readonly name: string;
  readonly peak: Peak;
  /** Starts a candidate; throws a LeftOutError if it cannot run here. */
  start(candidate: Candidate): Promise<Started>;
  close(): Promise<void>;
}

const ownChild = fileURLToPath(new URL('child.js', import.meta.url));

/**
 * A version of Node, which can differ from the one that runs this file. PyTorch runs in a process of Python. `vectors` '128': V8 may not
 * merge pairs of operations into wider ones. Throws a UsageError if the program cannot be started, or a limit such as `ulimit -v` leaves
 * no memory for WebAssembly.
 */
export async function nodeEngine(node: string, vectors = ''): Promise<Engine> {
  const { stdout } = await promisify(execFile)(node, [ownChild, 'peak', '{}', vectors]).catch((reason: unknown) => {
    const { message, stderr = '' } = reason as Error & { readonly stderr?: string };
    throw new UsageError(`${node} cannot run candidates: ${/^.*Error.*$/m.exec(stderr)?.[0] ?? message}`);
  });
  const { engine, peak } = JSON.parse(stdout) as { engine: string; peak: Peak };
  const start = (candidate: Candidate): Promise<Started> => SpawnedProcess.start(candidate, node, vectors);
  return { kind: 'node', name: engine, peak, start, close: async () => {} };
}

/** Enough for the slowest task: a model of 1024 units in plain loops. */
export const TIMEOUT_MS = 180_000;

interface Waiting {
  resolve(answer: object): void;
  reject(error: Error): void;
}

/** A candidate's process, of Node or of Python: one request at a time, which ends with an answer or an error. */
class SpawnedProcess implements CandidateProcess {
  private waiting?: Waiting;
  private timer?: NodeJS.Timeout;
  private stderr = '';
  private ended?: Error;

  private constructor(
    private readonly child: ChildProcess,
    private readonly send: (request: Request) => void,
  ) {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr = (this.stderr + text).slice(-2000)));
    child.on('error', (error) => this.end(error.message));
    child.on('close', (code, signal) => this.end(`its process ended (${signal ?? `exit code ${code ?? '?'}`})`));
  }

  /** Starts the process and waits until its program has been loaded. */
  static async start({ program, mode, threads, child }: Candidate, node: string, vectors: string): Promise<Started> {
    const options = JSON.stringify({ mode, threads });
    const process = program.endsWith('.py')
      ? SpawnedProcess.startPython(program, options)
      : SpawnedProcess.startNode([program, options, vectors], node, child);
    try {
      return { process, hello: await process.answer<Answers['hello']>() };
    } catch (error) {
      process.close();
      throw error;
    }
  }

  private static startNode(args: readonly string[], node: string, child = ownChild): SpawnedProcess {
    const started = fork(child, args, { execPath: node, execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    const process = new SpawnedProcess(started, (request) => started.send(request));
    started.on('message', (message) => process.receive(message as object));
    return process;
  }

  private static startPython(program: string, options: string): SpawnedProcess {
    const script = path.join(project, 'bench', 'programs', program);
    const started = spawn(pythonWithTorch(), [script, options], { stdio: 'pipe' });
    started.stdin.on('error', () => {}); // 'close' reports its end
    const process = new SpawnedProcess(started, (request) => started.stdin.write(`${JSON.stringify(request)}\n`));
    createInterface(started.stdout).on('line', (line) => process.receive(JSON.parse(line) as object));
    return process;
  }

  ask<Ask extends Request['ask']>(request: Request & { ask: Ask }): Promise<Answers[Ask]> {
    const answer = this.answer<Answers[Ask]>();
    if (!this.ended) this.send(request);
    return answer;
  }

  close(): void {
    this.child.kill('SIGKILL'); // it has nothing to save
  }

  private answer<Answer>(): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      if (this.ended) {
        reject(this.ended);
        return;
      }
      this.waiting = { resolve: resolve as (answer: object) => void, reject };
      this.timer = setTimeout(() => {
        this.end(`no answer within ${TIMEOUT_MS / 1000} s`);
        this.close();
      }, TIMEOUT_MS);
    });
  }

  private receive(message: object | Failure): void {
    const { waiting } = this;
    clearTimeout(this.timer);
    delete this.waiting;
    if ('failure' in message) waiting?.reject(new LeftOutError(message.failure));
    else waiting?.resolve(message);
  }

  private end(reason: string): void {
    clearTimeout(this.timer);
    const last = this.stderr.trim().split('\n').at(-1);
    this.ended ??= new LeftOutError(last ? `${reason}: ${last}` : reason);
    this.waiting?.reject(this.ended);
    delete this.waiting;
  }
}

/** Importing them would take seconds. */
const HAS_TORCH = 'import importlib.util as u, sys; sys.exit(not (u.find_spec("torch") and u.find_spec("numpy")))';

let python: string | undefined;

/** The first Python that imports torch. A version manager can put its own `python3` before Debian's, which has torch. */
function pythonWithTorch(): string {
  python ??= ['python3', '/usr/bin/python3'].find(
    (command) => spawnSync(command, ['-c', HAS_TORCH], { stdio: 'ignore' }).status === 0,
  );
  if (!python) throw new LeftOutError('no python3 with torch (Debian: apt-get install python3-torch python3-numpy)');
  return python;
}
