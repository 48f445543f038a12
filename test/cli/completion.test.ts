/** `longhand completion`, tested in the shells themselves; and no help shows a default of null. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { needs } from '../helpers/needs.js';
import { quoted } from '../helpers/longhand-process.js';
import { done, misused } from '../helpers/longhand.js';

const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'longhand-completion-')));
const here = path.join(folder, 'here');
beforeAll(() => {
  mkdirSync(path.join(here, 'data'), { recursive: true });
  for (const name of ['run.safetensors', 'a digit.png']) writeFileSync(path.join(here, name), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

const FILES = ['a digit.png', 'data', 'run.safetensors'];

interface Help {
  readonly text: string;
  readonly flags: readonly string[];
  /** The flags that have choices, with these. */
  readonly choices: readonly (readonly [string, readonly string[]])[];
}

/** The flags and commands that `longhand … --help` lists: a shell should offer them. */
function helpFrom(text: string): Help {
  const options = text.split(/\n(?= {2}-)/).slice(1);
  const flagOf = (option: string): string => /--[\w-]+/.exec(option)![0];
  const choices = options.flatMap((option) => {
    const list = /\(choices: ([^)]*?)(, default: [^)]*)?\)/.exec(option.replace(/\s+/g, ' '))?.[1];
    const words = list?.split(', ').map((word) => JSON.parse(word) as string);
    const areNames = words?.every((word) => /^\w/.test(word)); // no shell completes signs
    return words && areNames ? [[flagOf(option), words] as const] : [];
  });
  return { text, flags: options.map(flagOf), choices };
}

/** By the command's name; '' is the program itself. */
const helps = new Map<string, Help>();
let names: readonly string[] = [];
beforeAll(async () => {
  const text = (await done(['--help'])).stdout;
  names = [...text.split('\nCommands:\n')[1].matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name);
  const own = names.filter((name) => name !== 'help');
  const texts = await Promise.all(own.map((name) => done([name, '--help'])));
  helps.set('', helpFrom(text));
  own.forEach((name, n) => helps.set(name, helpFrom(texts[n].stdout)));
});

/** The completions of each line, with the cursor at the end of the line. */
type Ask = (script: string, lines: readonly string[]) => string[][];

function answersOf(shell: string, args: readonly string[], program: string): string[][] {
  const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder };
  const { stdout, stderr, status } = spawnSync(shell, args, { cwd: here, input: program, encoding: 'utf8', env });
  expect([status, stderr]).toEqual([0, '']);
  return stdout
    .split(/^=== .*\n/m)
    .slice(1)
    .map((answer) => {
      const found = answer.split('\n').map((line) =>
        line
          .replace(/\t.*/, '')
          .replace(/^--[\w-]+=/, '')
          .replaceAll('\\ ', ' ')
          .replace(/\/$/, ''),
      );
      return [...new Set(found)].filter((word) => word !== '').sort();
    });
}

/** Calls the function that the script registers, with the words that bash would pass; bash makes `=` a word of its own. */
const askBash: Ask = (script, lines) => {
  const asked = lines.map((line) => {
    const words = line
      .split(' ')
      .flatMap((word) => word.split(/(=)/).filter((part, n) => part !== '' || n === 0 || word.endsWith('=')));
    return `ask ${words.map(quoted).join(' ')}`;
  });
  const program = `set -u
source ${script} && source ${script}
registered=$(complete -p longhand); registered=\${registered#complete -F }
ask() {
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
  echo "=== $*"
  \${registered% longhand}
  if (( \${#COMPREPLY[@]} )); then printf '%s\\n' "\${COMPREPLY[@]}"; fi
}
${asked.join('\n')}`;
  return answersOf('bash', ['--norc', '-s'], program);
};

/** In an interactive shell on a terminal, with a `compadd` that records its arguments. */
const askZsh: Ask = (script, lines) => {
  const inner = path.join(folder, 'inner.zsh');
  const out = path.join(folder, 'zsh.out');
  writeFileSync(out, '');
  writeFileSync(
    inner,
    `autoload -Uz compinit
compinit -u -D
source ${script}
compadd() {
  if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return; fi
  local -a found
  builtin compadd -A found "$@"
  print -rl -- $found >> ${out}
  builtin compadd "$@"
}
ask() {
  local line
  for line in ${lines.map(quoted).join(' ')}; do
    BUFFER=$line CURSOR=$#line
    print -r -- "=== $line" >> ${out}
    zle complete-word
  done
  BUFFER=exit
  zle accept-line
}
zle -N ask
bindkey '^X' ask
setopt no_auto_menu no_beep
LISTMAX=10000`,
  );
  const program = `zmodload zsh/zpty
zpty inner env PS1= TERM=dumb zsh -f -i
zpty -w inner 'source ${inner}'
zpty -w -n inner $'\\x18'
while zpty -r inner line; do :; done
cat ${out}`;
  return answersOf('zsh', ['-f', '-s'], program);
};

const askFish: Ask = (script, lines) => {
  const asked = lines.map((line) => `echo "=== "${quoted(line)}; complete -C ${quoted(line)}`);
  return answersOf('fish', ['--no-config'], `source ${script}; source ${script}\n${asked.join('\n')}\n`);
};

describe.each([
  ['bash', askBash],
  ['zsh', askZsh],
  ['fish', askFish],
] as const)('%s', (shell, ask) => {
  const isThere = spawnSync(shell, ['--version']).status === 0;
  const testInShell = needs(shell, isThere, `apt-get install ${shell} (Debian)`);

  testInShell('completes files, folders, and every command, flag and choice that the help lists', async () => {
    const script = path.join(folder, `longhand.${shell}`);
    writeFileSync(script, (await done(['completion', shell])).stdout);

    expect(names).toEqual(expect.arrayContaining(['train', 'completion', 'help']));
    const expected: (readonly [string, readonly string[]])[] = [
      ['longhand ', names],
      ['longhand tr', ['train']],
      ['longhand --', ['--version', '--help']],
      ['longhand train --thre', ['--threads']],
      ['longhand train --shuffle=t', ['tf1']],
      ['longhand train --seed 1 --shuffle l', ['legacy']],
      ['longhand train --resume r', ['run.safetensors']],
      ['longhand train --resume=r', ['run.safetensors']],
      ['longhand train --resume ', FILES],
      ['longhand train --data ', FILES],
      ['longhand train --hidden ', []],
      ['longhand train ', shell === 'fish' ? [] : [...helps.get('train')!.flags, '-h']],
      ['longhand eval ', FILES],
      ['longhand eval --set tr', ['train']],
      ['longhand eval --set train --js', ['--json']],
      ['longhand predict run.safetensors a', ['a digit.png']],
      ['longhand completion ', ['bash', 'zsh', 'fish']],
      ['longhand help tr', ['train']],
    ];
    for (const [name, { flags, choices }] of helps) {
      if (name !== '') expected.push([`longhand ${name} --`, flags]);
      for (const [flag, words] of choices) expected.push([`longhand ${name} ${flag} `, words]);
    }
    expect(expected.filter(([line]) => line.includes('--gpu-mode'))).toHaveLength(4);

    const answers = ask(
      script,
      expected.map(([line]) => line),
    );
    const given = expected.map(([line], n) => [line, answers[n]]);
    expect(given).toEqual(expected.map(([line, words]) => [line, [...words].sort()]));
  });
});

test('completion for another shell is wrong usage', async () => {
  expect(await misused(['completion', 'tcsh'])).toBe(
    "error: command-argument value 'tcsh' is invalid for argument 'shell'. Allowed choices are bash, zsh, fish.\n",
  );
});

test('no help shows a default of null', () => {
  expect([...helps.keys()]).toHaveLength(names.length);
  for (const [name, { text }] of helps) expect([name, text]).toEqual([name, expect.not.stringContaining('null')]);
});
