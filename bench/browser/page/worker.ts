/** The Web Worker in which one candidate computes, as child.ts in Node. The first message names the program, or a limit of the device. */
import { type Answers, type Failure, type Request, answer } from '../../measure/protocol.js';
import { Session } from '../../measure/session.js';
import { type Start, type StartOptions, failureOf } from '../../program.js';
import type { LimitAnswers, LimitRequest } from './limits.js';

export type Message = Request | LimitRequest | { readonly program: string; readonly options: StartOptions };

let session: Session | undefined;

async function respond(message: Message): Promise<Answers[keyof Answers] | LimitAnswers[keyof LimitAnswers]> {
  if ('limit' in message) return (await import('./limits.js')).limitOf(message);
  if ('program' in message) {
    const { start } = (await import(new URL(`programs/${message.program}.js`, location.href).href)) as { start: Start };
    const program = await start(message.options);
    session = new Session(program);
    const { version, description } = program;
    return { version, description, engine: navigator.userAgent };
  }
  if (!session) throw new Error('no program has been loaded');
  return answer(session, message, () => null);
}

onmessage = ({ data }: MessageEvent<Message>) => {
  respond(data).then(
    (answer) => postMessage(answer),
    (error: unknown) => postMessage(failureOf(error) satisfies Failure),
  );
};
