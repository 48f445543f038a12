/** A Node process with a KernelSession: command.ts starts it, asks, and ends it when a kernel does not end. */
import { MODES } from '../../kernels/gpu/gpu-js.js';
import { enableRelaxedSimd, enableWideVectors } from '../../kernels/wasm/node-flags.js';
import { loadCompiler } from '../assemblyscript.js';
import { type Ask, KernelSession } from './session.js';

// as the command line does
enableRelaxedSimd();
enableWideVectors();

const session = new KernelSession({ loadCompiler, modes: MODES });

process.on('disconnect', () => process.exit());
process.on('SIGINT', () => undefined); // Ctrl-C reaches the whole group: the process that asks ends this one
process.on('message', (ask: Ask) => void session.answer(ask).then((answer) => process.send?.(answer)));
