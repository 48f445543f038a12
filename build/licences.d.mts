export const LICENCES_FILE: string;
export function licencesOf(files: readonly string[], note?: string): string;
