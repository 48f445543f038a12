/** Modules that Vite's plugins make: those in build/, and those of docs/.vitepress/plugins.ts. */
declare module 'virtual:planted-mistakes' {
  type Cells = import('./choose-backend.js').Cells;
  const mistaken: Readonly<Record<string, Cells | undefined>>;
  export default mistaken;
}

declare module 'virtual:mnist-files' {
  type DataFile = import('./fetch-data.js').DataFile;
  const files: Readonly<Record<'trainImages' | 'trainLabels' | 'testImages' | 'testLabels', DataFile>>;
  export default files;
}

declare module 'virtual:text-file' {
  type DataFile = import('./fetch-data.js').DataFile;
  const file: DataFile;
  export default file;
}

declare module '*.html?raw' {
  const html: string;
  export default html;
}

declare module '*.mjs?raw' {
  const program: string;
  export default program;
}

declare module '*.js?url' {
  const address: string;
  export default address;
}

declare module '*.safetensors?url' {
  const address: string;
  export default address;
}

declare module 'virtual:first-text' {
  const address: string;
  export default address;
}

declare module 'virtual:exercise-images' {
  /** The address of the images, from the site's root. */
  const address: string;
  export default address;
}

declare module 'virtual:saved-networks' {
  /** The addresses of the networks, by the updates of their training, and of `images`. */
  const addresses: Readonly<Record<string | number, string>>;
  export default addresses;
}

declare module 'virtual:equation-styles.css';
declare module '*.css?inline' {
  const text: string;
  export default text;
}

declare module '*.css';
