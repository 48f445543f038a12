/** The API reference that typedoc.mjs has written to docs/api. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DefaultTheme } from 'vitepress';

const folder = fileURLToPath(new URL('../api', import.meta.url));

export const apiSidebar = (): DefaultTheme.SidebarItem[] => [
  { text: 'API', link: '/api/' },
  ...(JSON.parse(readFileSync(path.join(folder, 'typedoc-sidebar.json'), 'utf8')) as DefaultTheme.SidebarItem[]),
];

/** The source files that the reference links to, from the project's folder. */
export function filesOfApi(): string[] {
  const pages = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
  const links = pages.flatMap((name) => [
    ...readFileSync(path.join(folder, name), 'utf8').matchAll(/\]\(\/source\/(.+?)\.html#/g),
  ]);
  return [...new Set(links.map(([, file]) => file))];
}
