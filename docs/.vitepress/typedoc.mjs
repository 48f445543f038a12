/** The API reference: `typedoc --options docs/.vitepress/typedoc.mjs` writes its Markdown, and its sidebar, to docs/api. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Comment, CommentTag, Converter, ReflectionKind, UnionType } from 'typedoc';

const project = fileURLToPath(new URL('../..', import.meta.url));
const read = (file) => readFileSync(path.join(project, file), 'utf8');
const { name: packageName, exports } = JSON.parse(read('package.json'));

/** The name that a user imports, by its source file: `src/data/mnist-files.ts` → `longhand/mnist`. */
const ENTRIES = new Map(
  Object.entries(exports)
    .filter(([, { types }]) => types)
    .map(([entry, { types }]) => [
      types.replace(/^\.\/dist\/(.*)\.d\.ts$/, '$1.ts'),
      path.posix.join(packageName, entry),
    ]),
);

/** The files of src in the order of src/index.ts. */
const exported = [...read('src/index.ts').matchAll(/ from '\.\/(.*)\.js'/g)];
const SUBJECTS = [...new Set(exported.map(([, file]) => `${file}.ts`))];

/** Gives entries their names and first comments, and sorts the names of `longhand` by their source files. */
function nameEntries({ converter }) {
  converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project: api }) => {
    for (const entry of api.getChildrenByKind(ReflectionKind.Module)) {
      const [{ fileName }] = entry.sources;
      entry.name = ENTRIES.get(fileName);
      entry.comment = new Comment([{ kind: 'text', text: firstCommentOf(fileName) }]);
      // longhand/browser has every name of other entries: its comment says so
      for (const child of [...entry.children]) if (child.isReference()) api.removeReflection(child);
      if (entry.name !== packageName) continue;
      for (const child of entry.children)
        for (const { comment } of [child, ...(child.signatures ?? [])])
          comment?.blockTags.push(new CommentTag('@category', [{ kind: 'text', text: subjectOf(child) }]));
    }
  });
}

/** Writes a type that src computes from a table as its values: `'f32' | 'f64'`, not `(typeof DTYPES)[number]`. */
function listChoices({ converter }) {
  converter.on(Converter.EVENT_RESOLVE_BEGIN, (context) => {
    context.setActiveProgram(context.programs[0]);
    for (const reflection of Object.values(context.project.reflections)) {
      const symbol = context.getSymbolFromReflection(reflection);
      if (!symbol || !/^\(typeof |^typeof |^keyof typeof |^ValueOf</.test(String(reflection.type))) continue;
      const isAlias = reflection.kindOf(ReflectionKind.TypeAlias);
      const { checker } = context;
      const type = isAlias ? checker.getDeclaredTypeOfSymbol(symbol) : checker.getTypeOfSymbol(symbol);
      const types = type.isUnion() ? type.types : [type];
      reflection.type = new UnionType(types.map((part) => converter.convertType(context, part)));
    }
  });
}

/** What an Error of ours has from JavaScript's own, such as `stack`, is on no page. */
function onlyOurs({ converter }) {
  converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project: api }) => {
    for (const reflection of Object.values(api.reflections))
      if (reflection.sources?.some(({ fileName }) => fileName.includes('node_modules/')))
        api.removeReflection(reflection);
  });
}

/** Names parameters that a function takes apart, as in `{ accumulate = false }: AccumulateOptions`, by their types. */
function nameParameters({ converter }) {
  converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project: api }) => {
    for (const parameter of api.getReflectionsByKind(ReflectionKind.Parameter)) {
      if (parameter.name !== '__namedParameters') continue;
      const [type = 'Options'] = /\w+(?=>*$)/.exec(String(parameter.type)) ?? [];
      parameter.name = type.endsWith('Options') ? 'options' : type[0].toLowerCase() + type.slice(1);
    }
  });
}

const firstCommentOf = (file) =>
  /^\/\*\*([^]*?)\*\//
    .exec(read(file))[1]
    .replace(/^ *\* ?/gm, '')
    .trim();

const subjectOf = ({ sources: [{ fileName }] }) => fileName.replace(/^src\//, '');

export default {
  plugin: ['typedoc-plugin-markdown', 'typedoc-vitepress-theme', onlyOurs, nameEntries, nameParameters, listChoices],
  name: 'API',
  entryPoints: [...ENTRIES.keys()].map((file) => path.join(project, file)),
  basePath: project,
  tsconfig: path.join(project, 'tsconfig.build.json'),
  skipErrorChecking: true, // `npm run check` finds them
  out: path.join(project, 'docs/api'),
  readme: 'none',
  disableGit: true,
  gitRevision: 'none',
  sourceLinkTemplate: '/source/{path}.html#L{line}',
  logLevel: 'Warn',
  treatValidationWarningsAsErrors: true,

  // What a page has
  excludePrivate: true,
  excludeExternals: true,
  categorizeByGroup: false,
  categoryOrder: SUBJECTS,
  sort: ['source-order'],
  sortEntryPoints: false,
  pageTitleTemplates: { index: 'API', module: '{name}', member: '{name}' },
  useHTMLAnchors: true,
  indexFormat: 'table',
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  classPropertiesFormat: 'table',
  typeAliasPropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  propertyMembersFormat: 'table',
  tableColumnSettings: { hideInherited: true, hideOverrides: true, hideSources: true, hideModifiers: true },

  // The sidebar
  docsRoot: path.join(project, 'docs'),
  navigation: { includeCategories: true, includeGroups: false, includeFolders: false },
  sidebar: { pretty: true, collapsed: true },
};
