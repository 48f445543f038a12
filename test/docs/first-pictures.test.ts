/** What lets the figures of a chapter be drawn soon: the page's head names their files, and the first picture computes little. */
import { createSSRApp } from 'vue';
import { renderToString } from 'vue/server-renderer';
import { filesOfFigures } from '../../docs/.vitepress/plugins.js';
import { PLACES, type FigureName } from '../../docs/.vitepress/theme/places.js';
import normsSlider from '../../docs/.vitepress/theme/norms-slider.js';
import { gradientNorms } from '../../docs/learn/programs/gradient-norms.mjs';

const NAMES = Object.keys(PLACES) as FigureName[];

test('the first picture of chapter 2 has the 28 steps; the 784 steps are not computed yet', async () => {
  const html = await renderToString(createSSRApp(normsSlider));
  const curves = [...html.matchAll(/<path class="first"[^>]* d="M([^"]*)"/g)].map(([, d]) => d.split('L').length);
  expect(curves).toEqual([29]);
  expect([...html.matchAll(/<dd>(.*?)<\/dd>/g)].map(([, text]) => text)).toEqual([
    gradientNorms(1.5, 28).norms[28].toExponential(1),
    '…',
    '…',
  ]);
  expect(html.match(/<svg/g)).toHaveLength(2); // the place of the second curve is there
});

describe('the files of the figures', () => {
  const chunk = (fileName: string, imports: string[] = [], more: object = {}) => [
    fileName,
    { fileName, imports, ...more },
  ];
  const figure = (name: string, imports: string[] = []) =>
    chunk(`${name}.js`, imports, { facadeModuleId: `/docs/.vitepress/theme/${name}.ts` });
  const bundle = (names: readonly string[]) =>
    Object.fromEntries([
      chunk('app.js', ['theme.js'], { isEntry: true, name: 'app' }),
      chunk('theme.js', ['framework.js']),
      ...['framework.js', 'svg.js'].map((name) => chunk(name)),
      chunk('lever.js', ['framework.js', 'svg.js']),
      ...names.map((name) => figure(name, name === 'spike-live' ? ['lever.js', 'theme.js'] : [])),
    ]) as Parameters<typeof filesOfFigures>[0];

  test('are its own file and what that imports, without the files of every page', () => {
    const files = filesOfFigures(bundle(NAMES));
    expect([...files.keys()]).toEqual(NAMES);
    expect(files.get('spike-live')).toEqual(['spike-live.js', 'lever.js', 'svg.js']);
    expect(files.get('cell-run')).toEqual(['cell-run.js']);
  });

  test('a figure without a file is an error', () => {
    expect(() => filesOfFigures(bundle(NAMES.slice(1)))).toThrow('the site has no file for the figure motion-button');
  });
});

test('a place is found in the HTML as in the document: a link to the picture’s program is none', () => {
  const { html } = PLACES['unrolled-graph'];
  expect(html.test('<p><img src="/base/assets/unrolled.C3CHI0S7.svg" alt="">')).toBe(true);
  expect(html.test('<img alt="" src="/base/assets/unrolled.C3CHI0S7.svg">')).toBe(true);
  expect(html.test('<a href="/source/docs/learn/pictures/unrolled.mjs.html">')).toBe(false);
  expect(html.test('<img src="/assets/not-unrolled.C3.svg">')).toBe(false);
  expect(PLACES['gap-run'].html.test('<div id="gap"></div>')).toBe(true);
  expect(PLACES['gap-run'].html.test('<h2 id="gap-run"><div data-id="gap">')).toBe(false);
});
