/** The API reference that typedoc.mjs has written to docs/api. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DefaultTheme } from 'vitepress';
import { slugify } from './slugify.js';

const folder = fileURLToPath(new URL('../api', import.meta.url));

type Item = DefaultTheme.SidebarItem;

/** Its sidebar: the entries, and below `longhand` the source files, each with its place in the entry's page. */
export function apiSidebar(): Item[] {
  const entries = JSON.parse(readFileSync(path.join(folder, 'typedoc-sidebar.json'), 'utf8')) as Item[];
  const linked = ({ text = '', link = '/api/longhand/#' + slugify(text), ...others }: Item): Item => ({
    text,
    link,
    ...others,
  });
  return [
    { text: 'API', link: '/api/' },
    ...entries.map(({ items = [], ...entry }) => ({ ...entry, collapsed: false, items: items.map(linked) })),
  ];
}

/** The source files that the reference links to, from the project's folder. */
export function filesOfApi(): string[] {
  const pages = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
  const links = pages.flatMap((name) => [
    ...readFileSync(path.join(folder, name), 'utf8').matchAll(/\]\(\/source\/(.+?)\.html#/g),
  ]);
  return [...new Set(links.map(([, file]) => file))];
}
