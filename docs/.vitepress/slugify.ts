/** A heading's anchor, as GitHub makes it: `The tutorial's steps` → `the-tutorials-steps`. */
export const slugify = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
