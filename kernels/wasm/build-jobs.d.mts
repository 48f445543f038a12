export function translateJobs(source: string): {
  readonly constants: Readonly<Record<string, number>>;
  readonly text: string;
};
