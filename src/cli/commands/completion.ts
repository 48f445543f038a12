/**
 * `longhand completion`: a script with which a shell completes commands, flags and their values, generated from the
 * command definitions. Values come from a flag's choices; `<file>` and `<path>` complete files and folders.
 */
import { type Option, Argument, Command } from 'commander';
import { printLines } from '../print.js';

/** How a value is completed: as one of these words, or as a file or folder; `unknown` is not completed. */
type Values = readonly string[] | 'file' | 'unknown';

interface Flag {
  /** `-h` and `--help`. */
  readonly names: readonly string[];
  readonly description: string;
  /** null if the flag has no value. */
  readonly values: Values | null;
}

interface Completed {
  readonly name: string;
  readonly description: string;
  readonly flags: readonly Flag[];
  /** The values of its arguments. */
  readonly values: Values;
}

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

export function completionCommand(program: Command): Command {
  return new Command('completion')
    .description('Print a script that completes commands, flags and their values in your shell.')
    .addArgument(new Argument('<shell>', 'shell that runs the script').choices(Object.keys(SCRIPTS)))
    .addHelpText(
      'after',
      `
If longhand is installed as a command (npm install --global), add one of these lines to your shell's start-up file:
  source <(longhand completion bash)     ~/.bashrc
  source <(longhand completion zsh)      ~/.zshrc, after compinit
  longhand completion fish | source      ~/.config/fish/config.fish`,
    )
    .action((shell: keyof typeof SCRIPTS) => printLines(SCRIPTS[shell](flagsOf(program), commandsOf(program))));
}

function commandsOf(program: Command): Completed[] {
  const commands = program.createHelp().visibleCommands(program);
  const names = commands.map((command) => command.name());
  return commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    flags: flagsOf(command),
    // the argument of commander's own `help` is a command
    values: program.commands.includes(command) ? argumentValues(command) : names,
  }));
}

function argumentValues({ commands, registeredArguments }: Command): Values {
  if (commands.length > 0) return commands.map((command) => command.name());
  const choices = registeredArguments.find(({ argChoices }) => argChoices)?.argChoices;
  return choices ?? (registeredArguments.length > 0 ? 'file' : 'unknown');
}

function flagsOf(command: Command): Flag[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .map((option) => ({
      names: [option.short, option.long].filter((name) => name !== undefined),
      description: option.description,
      values: optionValues(option),
    }));
}

function optionValues({ flags, required, optional, argChoices }: Option): Values | null {
  if (!required && !optional) return null;
  // signs, such as a comma, would need quotes in each shell
  if (argChoices) return argChoices.every((choice) => /^[\w.-]+$/.test(choice)) ? argChoices : 'unknown';
  return /<(file|path)>$/.test(flags) ? 'file' : 'unknown';
}

const namesOf = (flags: readonly Flag[]): string => flags.flatMap(({ names }) => names).join(' ');

function bashScript(flags: readonly Flag[], commands: readonly Completed[]): string {
  const assigned = (values: Values): string =>
    values === 'file' ? 'files=-f' : values === 'unknown' ? '' : words(values);
  const words = (choices: readonly string[]): string => `choices='${choices.join(' ')}'`;
  const withValues = commands.flatMap(({ name, flags: all }) =>
    all.flatMap(({ names, values }) =>
      values === null ? [] : [`    ${names.map((flag) => `'${name} ${flag}'`).join('|')}) ${assigned(values)} ;;`],
    ),
  );
  // A command without arguments offers only flags.
  const others = commands.flatMap(({ name, flags: all, values }) => [
    `        ${name},${values === 'unknown' ? '' : '-'}*) choices='${namesOf(all)}' ;;`,
    ...(values === 'unknown' ? [] : [`        ${name},*) ${assigned(values)} ;;`]),
  ]);
  return `# Completes longhand in bash: source <(longhand completion bash)
_longhand() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command='' choices='' files='' line
  # bash splits --flag=value into three words
  if [[ $word == = ]]; then word=''; elif [[ $before == = ]]; then before=\${COMP_WORDS[COMP_CWORD-2]}; fi
  if (( COMP_CWORD > 1 )); then command=\${COMP_WORDS[1]}; fi
  case "$command $before" in
${withValues.join('\n')}
    *)
      case "$command,$word" in
        ,-*) choices='${namesOf(flags)}' ;;
        ,*) choices='${commands.map(({ name }) => name).join(' ')}' ;;
${others.join('\n')}
      esac ;;
  esac
  COMPREPLY=()
  local -a find=(-W "$choices")
  if [[ $files ]]; then
    find=("$files")
    compopt -o filenames 2> /dev/null # quotes special characters, adds a slash to directories; bash 3 has no compopt
  fi
  while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen "\${find[@]}" -- "$word")
}
complete -F _longhand longhand`;
}

function zshScript(flags: readonly Flag[], commands: readonly Completed[]): string {
  const action = (values: Values): string => (values === 'file' ? '_files' : values === 'unknown' ? ' ' : list(values));
  const list = (choices: readonly string[]): string => `(${choices.join(' ')})`;
  const specOf = ({ names, description, values }: Flag): string => {
    const said = `[${description.replace(/[[\]:\\]/g, '\\$&')}]`;
    const specs = names.map((name) =>
      values === null ? name + said : `${name}${name.startsWith('--') ? '=' : ''}${said}:value:${action(values)}`,
    );
    const excluded = names.length > 1 ? `(${names.join(' ')})` : '';
    return specs.map((spec) => quoted(excluded + spec)).join(' ');
  };
  const described = commands.map(({ name, description }) => `        ${quoted(`${name}:${description}`)}`);
  const cases = commands.map(({ name, flags: all, values }) =>
    [
      `        ${name}) _arguments`,
      ...all.map(specOf),
      ...(values === 'unknown' ? [] : [quoted(`*:value:${action(values)}`)]),
    ].join(' \\\n          '),
  );
  return `#compdef longhand
# Completes longhand in zsh: source <(longhand completion zsh), after compinit; or save it as _longhand in a directory of fpath
_longhand() {
  local curcontext=$curcontext context state line
  typeset -A opt_args
  _arguments -C ${flags.map(specOf).join(' ')} '1: :->command' '*:: :->rest'
  case $state in
    command)
      local -a commands=(
${described.join('\n')}
      )
      _describe command commands ;;
    rest)
      case $line[1] in
${cases.join(' ;;\n')} ;;
      esac ;;
  esac
}
if [[ $funcstack[1] == _longhand ]]; then _longhand "$@"; else compdef _longhand longhand; fi`;
}

function fishScript(flags: readonly Flag[], commands: readonly Completed[]): string {
  const quote = (text: string): string => `'${text.replace(/['\\]/g, '\\$&')}'`;
  const given = (values: Values): string => {
    if (values === 'file') return '-F';
    if (values === 'unknown') return '-f';
    return `-f -a ${quote(values.join(' '))}`;
  };
  const lineOf = (condition: string, { names, description, values }: Flag): string => {
    const flagNames = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
    const value = values === null ? '' : ` -r ${given(values)}`;
    return `complete -c longhand -n ${condition} ${flagNames.join(' ')}${value} -d ${quote(description)}`;
  };
  return [
    '# Completes longhand in fish: longhand completion fish | source',
    'function __longhand_command',
    '    set -l words (commandline -opc)',
    '    test "$words[2]" = "$argv[1]"',
    'end',
    'complete -c longhand -e',
    'complete -c longhand -f',
    ...flags.map((flag) => lineOf(quote('__longhand_command ""'), flag)),
    ...commands.flatMap(({ name, description, flags: all, values }) => {
      const condition = quote(`__longhand_command ${name}`);
      return [
        `complete -c longhand -n '__longhand_command ""' -a ${name} -d ${quote(description)}`,
        ...(values === 'unknown' ? [] : [`complete -c longhand -n ${condition} ${given(values)}`]),
        ...all.map((flag) => lineOf(condition, flag)),
      ];
    }),
  ].join('\n');
}

/** Quotes a text for bash and zsh. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
