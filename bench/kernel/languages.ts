/** The languages of a reader's kernel. It imports nothing, because the page shows these names before a worker runs. */

export type Language = 'wgsl' | 'gpu.js' | 'assemblyscript';

interface Words {
  readonly name: string;
  /** Of a file with a kernel in this language. */
  readonly ending: string;
  /** The document whose steps a reader can begin with. */
  readonly document: string;
  /** What is certain about a right kernel beside its product: a check of this language found nothing. */
  readonly checked: string;
}

const GUARDED = 'no guard value around the matrices changed';

export const LANGUAGES: Readonly<Record<Language, Words>> = {
  wgsl: { name: 'WGSL', ending: '.wgsl', document: 'docs/webgpu-kernels.md', checked: GUARDED },
  'gpu.js': {
    name: 'GPU.js',
    ending: '.js',
    document: 'docs/gpu-kernels.md',
    checked: 'no guard value around a and b reached out',
  },
  assemblyscript: { name: 'AssemblyScript', ending: '.ts', document: 'docs/kernels.md', checked: GUARDED },
};

export const LANGUAGE_NAMES = Object.keys(LANGUAGES) as readonly Language[];

/** WGSL if the ending is no language's: a kernel may stand in a file of any name. */
export const languageOf = (file: string): Language =>
  LANGUAGE_NAMES.find((language) => file.toLowerCase().endsWith(LANGUAGES[language].ending)) ?? 'wgsl';
