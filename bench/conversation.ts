/** A candidate's side of the protocol, whatever carries it. */
import { decode, encode } from './codec.js';
import type { Answers, Request } from './protocol.js';
import type { Session } from './session.js';

export async function answer(
  session: Session,
  request: Request,
  peakRssMiB: () => number | null,
): Promise<Answers[keyof Answers]> {
  switch (request.ask) {
    case 'prepare':
      return { outputs: encode(await session.prepare(request.task, decode(request.inputs))) };
    case 'warmUp':
      return { ms: await session.warmUp(request.ms) };
    case 'turn':
      return { times: await session.turn(request.ms) };
    case 'release':
      await session.release();
      return { peakRssMiB: peakRssMiB() };
  }
}
