/** The Web Worker in which one candidate computes, as child.ts in Node. The first message names the program. */
import { type Answers, type Failure, type Request, answer } from '../../measure/protocol.js';
import { Session } from '../../measure/session.js';
import { type Start, type StartOptions, failureOf } from '../../program.js';

export type Message = Request | { readonly program: string; readonly options: StartOptions };

let session: Session | undefined;

async function respond(message: Message): Promise<Answers[keyof Answers]> {
  if ('program' in message) {
    const { start } = (await import(`/programs/${message.program}.js`)) as { start: Start };
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
