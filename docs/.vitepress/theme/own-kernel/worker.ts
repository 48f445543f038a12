/** The worker that has the device, and the reader's kernel on it. The page ends it when a kernel does not end. */
import type { Compiler } from '../../../../bench/assemblyscript.js';
import { type Ask, KernelSession } from '../../../../bench/kernel/session.js';

/** The build of the site bundles it into a file of its own, which is fetched for the first kernel in AssemblyScript. */
const loadCompiler = async (): Promise<Compiler> => {
  const address = new URL('assemblyscript.js', location.href).href;
  return ((await import(address)) as { readonly default: Compiler }).default;
};
const session = new KernelSession({ loadCompiler, modes: ['webgl2'] });

onmessage = ({ data }: MessageEvent<Ask>): void => void session.answer(data).then((answer) => postMessage(answer));
