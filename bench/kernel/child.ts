/** A Node process with a KernelSession: command.ts starts it, asks, and ends it when a kernel does not end. */
import { type Ask, KernelSession } from './session.js';

const session = new KernelSession();

process.on('disconnect', () => process.exit());
process.on('SIGINT', () => undefined); // Ctrl-C reaches the whole group: the process that asks ends this one
process.on('message', (ask: Ask) => void session.answer(ask).then((answer) => process.send?.(answer)));
