/**
 * The documents, and pages that are made. Each exercise has one. Each source file that the documents and the API reference link to has
 * one, `/source/src/equations/lstm.ts.html`, where every line has an anchor.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Exercise } from '../../src/exercises/exercise.js';
import { EXERCISES, fileNameOf } from '../../src/exercises/exercises.js';

export const project = fileURLToPath(new URL('../..', import.meta.url));
/** typedoc.mjs writes the API reference to it. */
export const apiFolder = path.join(project, 'docs/api');

/** A link between two files of the project. */
interface Link {
  /** The document, from the project's folder: `docs/derivation.md`. */
  readonly document: string;
  /** The file or folder that the link leads to, from the project's folder: `src/equations/lstm.ts`. */
  readonly target: string;
  /** With its #, or empty. */
  readonly anchor: string;
}

const read = (file: string): string => readFileSync(path.join(project, file), 'utf8');
const isFolder = (target: string): boolean => statSync(path.join(project, target)).isDirectory();

/** The documents of the site, from the project's folder. */
export const documents = (): string[] => [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'SECURITY.md',
  ...['', 'exercises/', 'learn/', 'questions/'].flatMap((folder) =>
    readdirSync(path.join(project, 'docs', folder))
      .filter((name) => name.endsWith('.md') && !name.startsWith('['))
      .map((name) => `docs/${folder}${name}`),
  ),
];

/** Globs of all other Markdown, such as that of a folder that `longhand exercises` has made: it has no page. */
export const otherMarkdown = [
  '!(docs)/**/*.md',
  '!(README|CONTRIBUTING|CHANGELOG|SECURITY).md',
  'docs/!(api|exercises|learn|questions|source)/**/*.md',
  'docs/{exercises,learn,questions,source}/*/**/*.md',
];

/** Where `url` leads from `document`; undefined for other sites, and for places in the same document. */
function linkFrom(document: string, url: string): Link | undefined {
  const [, file, anchor] = /^([^#]*)(.*)$/.exec(url) ?? [];
  if (file === '' || /^([a-z]+:|\/)/i.test(file)) return undefined;
  return { document, target: path.posix.join(path.posix.dirname(document), file).replace(/\/$/, ''), anchor };
}

/**
 * `docs/index.md` is `/`, `README.md` is `/readme.html`, `docs/derivation.md` is `/derivation.html`. `docs/measure.md` is `/measure/`: a service
 * worker isolates a folder.
 */
export const pageOf = (document: string): string =>
  document
    .replace(/^docs\//, '')
    .replace(/^measure\.md$/, 'measure/index.md')
    .replace(/^(README|CONTRIBUTING|CHANGELOG|SECURITY)\.md$/, (name) => name.toLowerCase());

/** The extensions of files that have no page: the site has a copy of the file, below /raw. */
const NOT_TEXT = /\.(safetensors|png|svg)$/;
process.env.VITE_EXTRA_EXTENSIONS = 'safetensors'; // VitePress then knows that such a link is none to a page

/** The link's address in the site, from the site's folder: `/source/src/equations/lstm.ts.html#L44-L52`. undefined if it needs no change. */
export function addressOf(document: string, url: string): string | undefined {
  const link = linkFrom(document, url);
  if (!link) return undefined;
  const { target, anchor } = link;
  if (target.endsWith('.md')) return `/${pageOf(target).replace(/(^|\/)index\.md$/, '$1')}${anchor}`;
  return NOT_TEXT.test(target) ? `/raw/${target}` : `/source/${target}.html${anchor}`;
}

/** All links of the documents that lead to other files than documents. */
const linksToFiles = (): Link[] =>
  documents().flatMap((document) =>
    [...read(document).matchAll(/(?<!!)\[[^\]]+\]\(([^)\s]+)\)/g)]
      .flatMap(([, url]) => linkFrom(document, url) ?? [])
      .filter(({ target }) => !target.endsWith('.md')),
  );

/** The files and folders that the documents link to. */
export const linkedFiles = (): string[] => [...new Set(linksToFiles().map(({ target }) => target))];

/** The linked files that have no page. */
export const rawFiles = (): string[] => linkedFiles().filter((target) => NOT_TEXT.test(target));

/** A page for each linked file, each linked folder, and each file of a linked folder or of the API reference. */
export function sourcePages(): { params: { file: string }; content: string }[] {
  const links = linksToFiles().filter(({ target }) => !NOT_TEXT.test(target));
  const folders = new Set(links.map(({ target }) => target).filter(isFolder));
  const files = new Set([
    ...links.map(({ target }) => target).filter((target) => !folders.has(target)),
    ...[...folders].flatMap((folder) => filesIn(folder).map((name) => `${folder}/${name}`)),
    ...filesOfApi(),
  ]);
  return [
    ...[...folders].map((file) => ({ params: { file }, content: pageOfFolder(file, folders) })),
    ...[...files].map((file) => ({ params: { file }, content: pageOfFile(file, links) })),
  ];
}

/** The source files that the reference links to, from the project's folder. */
function filesOfApi(): string[] {
  const pages = readdirSync(apiFolder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
  const links = pages.flatMap((name) => [
    ...readFileSync(path.join(apiFolder, name), 'utf8').matchAll(/\]\(\/source\/(.+?)\.html#/g),
  ]);
  return [...new Set(links.map(([, file]) => file))];
}

/** The source files directly in a folder; generated ones are left out. */
const filesIn = (folder: string): string[] =>
  readdirSync(path.join(project, folder)).filter((name) => /^(?!(binaries|jobs)\.ts$).*\.(ts|mjs|py)$/.test(name));

function pageOfFolder(folder: string, folders: ReadonlySet<string>): string {
  const items = [
    ...[...folders].filter((other) => path.posix.dirname(other) === folder).map((other) => path.posix.basename(other)),
    ...filesIn(folder),
  ];
  const list = items.map((name) => `- [${name}](/source/${folder}/${name}.html)`).join('\n');
  return `# \`${folder}/\`\n\n${list}\n`;
}

const LANGUAGES = new Map(
  Object.entries({ '.ts': 'ts', '.mjs': 'js', '.py': 'python', '.csv': 'csv', '.json': 'json' }),
);

function pageOfFile(file: string, links: readonly Link[]): string {
  const language = LANGUAGES.get(path.extname(file));
  if (!language) throw new Error(`${file}: docs/.vitepress/source-pages.ts does not list its extension`);
  const toFile = links.filter(({ target }) => target === file);
  const linking = [...new Set(toFile.map(({ document }) => document))].map(
    (document) => `[${document}](/${pageOf(document).replace(/^index\.md$/, '')})`,
  );
  const anchors = new Set(toFile.map(({ anchor }) => anchor.slice(1)));
  const ranges = [...anchors].filter((anchor) => /^L\d+-L\d+$/.test(anchor));
  const from = linking.length > 0 ? `Linked from ${linking.join(', ')}.\n\n` : '';
  return `# \`${file}\`\n\n${from}\`\`\`\`\`\`${language} ${infoOf(ranges)}\n${read(file)}\`\`\`\`\`\`\n`;
}

const SOURCE_MARK = 'source';
const DIGITS = 'abcdefghij';

/** What stands behind the language of a source page's code block. It has no digits: VitePress would highlight these lines. */
function infoOf(ranges: readonly string[]): string {
  const inLetters = (range: string): string => range.replace('-', '_').replace(/\d/g, (digit) => DIGITS[Number(digit)]);
  return [SOURCE_MARK, ...ranges.map(inLetters)].join(' ');
}

/** The ranges of lines that need anchors, such as `L44-L52`; undefined if the code block is not that of a source page. */
export function rangesOf(info: string | undefined): string[] | undefined {
  const [mark, ...ranges] = (info ?? '').trim().split(' ');
  if (mark !== SOURCE_MARK) return undefined;
  return ranges.map((range) => range.replace('_', '-').replace(/[a-j]/g, (letter) => String(DIGITS.indexOf(letter))));
}

/** The pages of the exercises: what can be read without scripts, and the components that add the editor. */
export const exercisePages = (): { params: { exercise: string }; content: string }[] =>
  EXERCISES.map((exercise) => ({ params: { exercise: fileNameOf(exercise) }, content: pageOfExercise(exercise) }));

/** Links are relative to docs/exercises, as in a document there. */
function pageOfExercise(exercise: Exercise): string {
  const { name, number, title, equation, formula, task, source } = exercise;
  return `# ${number}. ${title}

<ExerciseNumbers name="${name}" />

${formula.map((line) => `    ${line}`).join('\n')}

Equation: ${equation}. ${derivationOf(exercise)}The project’s own lines are in [\`${source}\`](../../${source}).

${task}

<ExerciseWorkbench name="${name}" />
`;
}

function derivationOf({ chapter }: Exercise): string {
  const file = path.join(project, 'docs', chapter.replace(/#.*/, ''));
  const [, title] = /^# (.*)$/m.exec(readFileSync(file, 'utf8')) ?? [];
  return `Derived in [${title}](../${chapter}). `;
}
