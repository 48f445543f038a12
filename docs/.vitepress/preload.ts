/** The figures of a page are fetched together with its text: the page's head names their files. */
import type { HeadConfig } from 'vitepress';
import { PLACES, type FigureName } from './theme/figure-places.js';

/** What the plugin reads of a file of the built site. */
interface Chunk {
  readonly fileName: string;
  readonly name?: string;
  readonly isEntry?: boolean;
  readonly facadeModuleId?: string | null;
  /** The files that it imports at once. */
  readonly imports?: readonly string[];
}
type Bundle = Readonly<Record<string, Chunk>>;

const NAMES = Object.keys(PLACES) as FigureName[];

/** `file`, and all files that it needs. */
const withImports = (file: string, bundle: Bundle, found = new Set<string>()): Set<string> => {
  if (found.has(file)) return found;
  found.add(file);
  for (const imported of bundle[file].imports ?? []) withImports(imported, bundle, found);
  return found;
};

/** The files of each figure. Those that every page loads anyway are left out. */
export function filesOfFigures(bundle: Bundle): ReadonlyMap<FigureName, readonly string[]> {
  const chunks = Object.values(bundle);
  const app = chunks.find(({ isEntry, name }) => isEntry && name === 'app');
  if (!app) throw new Error('the site has no app');
  const everywhere = withImports(app.fileName, bundle);
  return new Map(
    NAMES.map((figure) => {
      const chunk = chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith(`/theme/${figure}.ts`));
      if (!chunk) throw new Error(`the site has no file for the figure ${figure}`);
      return [figure, [...withImports(chunk.fileName, bundle)].filter((file) => !everywhere.has(file))];
    }),
  );
}

/** A Vite plugin that finds the figures' files, and what a page's head has for those of its HTML. */
export function preloadedFigures() {
  let files: ReturnType<typeof filesOfFigures> = new Map();
  const plugin = {
    name: 'figure-files',
    apply: (_: unknown, { command, isSsrBuild }: { command: string; isSsrBuild?: boolean }) =>
      command === 'build' && !isSsrBuild,
    generateBundle: (_: unknown, bundle: unknown) => void (files = filesOfFigures(bundle as Bundle)),
  };
  const links = (html: string, base: string): HeadConfig[] => {
    const shown = NAMES.filter((figure) => PLACES[figure].html.test(html)).flatMap((figure) => files.get(figure) ?? []);
    return [...new Set(shown)].map((file) => ['link', { rel: 'modulepreload', href: base + file }]);
  };
  return { plugin, links };
}
