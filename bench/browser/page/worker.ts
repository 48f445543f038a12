/** What child.ts is in Node: one candidate, named by the first message, and its side of the conversation. */
import type { Start, StartOptions } from '../../program.js';
import type { Answers, Failure, Request } from '../../measure/protocol.js';
import { answer } from '../../measure/protocol.js';
import { Session } from '../../measure/session.js';

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
  if (!session) throw new Error('no candidate has been started');
  return answer(session, message, () => null);
}

onmessage = ({ data }: MessageEvent<Message>) => {
  respond(data).then(
    (answer) => postMessage(answer),
    (error: unknown) =>
      postMessage({ failure: error instanceof Error ? error.message : String(error) } satisfies Failure),
  );
};
