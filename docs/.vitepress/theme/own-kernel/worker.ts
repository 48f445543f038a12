/** The worker that has the device, and the reader's kernel on it. The page ends it when a kernel does not end. */
import { type Ask, KernelSession } from '../../../../bench/kernel/session.js';

/** The editor knows WGSL only: a site has no compiler of AssemblyScript. */
const loadCompiler = (): Promise<never> => Promise.reject(new Error('this page has no compiler of AssemblyScript'));
const session = new KernelSession({ loadCompiler, modes: ['webgl2'] });

onmessage = ({ data }: MessageEvent<Ask>): void => void session.answer(data).then((answer) => postMessage(answer));
