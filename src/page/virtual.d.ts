/** Made by the plugins in build/. */
declare module 'virtual:planted-mistakes' {
  type Operations = import('../backend.js').Operations;
  const mistaken: Readonly<Record<string, Pick<Operations, 'lstmCellForward' | 'lstmCellBackward'> | undefined>>;
  export default mistaken;
}

declare module 'virtual:data' {
  type DataFile = import('./data.js').DataFile;
  const files: Readonly<Record<'trainImages' | 'trainLabels' | 'testImages' | 'testLabels', DataFile>>;
  export default files;
}

declare module 'virtual:equation-styles.css';
declare module '*.css';
