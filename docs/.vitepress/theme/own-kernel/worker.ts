/** The worker that has the device, and the reader's kernel on it. The page ends it when a kernel does not end. */
import { type Ask, KernelSession } from '../../../../bench/kernel/session.js';

const session = new KernelSession();

onmessage = ({ data }: MessageEvent<Ask>): void => void session.answer(data).then((answer) => postMessage(answer));
