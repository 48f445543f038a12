/** The colours of WGSL in the editor. */
import { type StringStream, StreamLanguage } from '@codemirror/language';

const KEYWORDS =
  /^(?:alias|break|case|const|const_assert|continue|continuing|default|diagnostic|discard|else|enable|fn|for|if|let|loop|override|requires|return|struct|switch|var|while|true|false)$/;
const TYPES = /^(?:bool|[fiu]32|f16|(?:vec[234]|mat[234]x[234])[fiuh]?|array|atomic|ptr|sampler|texture_\w+)$/;

interface State {
  isInComment: boolean;
}

function token(stream: StringStream, state: State): string | null {
  if (state.isInComment || stream.match('/*')) {
    state.isInComment = !stream.match(/^[^]*?\*\//);
    if (state.isInComment) stream.skipToEnd();
    return 'comment';
  }
  if (stream.match(/^\/\/.*/)) return 'comment';
  if (stream.match(/^@\w+/)) return 'keyword';
  if (stream.match(/^(?:0x[\da-f]+|\d+\.?\d*(?:e[-+]?\d+)?|\.\d+(?:e[-+]?\d+)?)[fhiu]?/i)) return 'number';
  const [word] = (stream.match(/^[A-Za-z_]\w*/) as RegExpMatchArray | null) ?? [];
  if (word === undefined) stream.next();
  else if (KEYWORDS.test(word)) return 'keyword';
  else if (TYPES.test(word)) return 'typeName';
  return null;
}

export const wgsl = StreamLanguage.define<State>({
  name: 'wgsl',
  startState: () => ({ isInComment: false }),
  token,
  languageData: { commentTokens: { line: '//', block: { open: '/*', close: '*/' } } },
});
