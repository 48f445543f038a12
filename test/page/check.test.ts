/** “The mathematics” and “Check it” in a real Chromium: the page shows and runs the lines of src/lstm.ts. */
import { readFileSync } from 'node:fs';
import { PLANTED_MISTAKES } from '../../src/page/mistakes.js';
import { testInBrowser } from '../helpers/chromium.js';
import { servePage, SMALL } from '../helpers/longhand-page.js';

const { visit } = servePage();

testInBrowser('each equation stands beside the lines of src/lstm.ts that the derivation links', async () => {
  const { page } = await visit(SMALL);
  const lines = readFileSync('src/lstm.ts', 'utf8').split('\n');
  const shown = await page.evaluate(() =>
    [...document.querySelectorAll('.equation')].map((article) => ({
      equation: article.getAttribute('data-equation'),
      formulas: article.querySelectorAll('.katex-html').length,
      lines: [...article.querySelectorAll('.line')].map((line) => line.textContent),
    })),
  );
  expect(shown.map(({ equation }) => equation)).toEqual(['1', '2', '3', '4', '4′', '3′', '2′', '1′']);
  for (const { equation, formulas, lines: own } of shown) {
    expect(formulas).toBeGreaterThan(0);
    expect(own[0]).toContain(`(${equation})`);
    for (const line of own) {
      const [, number, code] = /^(\d+)(.*)$/.exec(line)!;
      expect(lines[Number(number) - 1].trim()).toBe(code.trim());
    }
  }

  // the build keeps only some of KaTeX's fonts
  const fonts = await page.evaluate(() => {
    const nameOf = ({ fontFamily, fontStyle, fontWeight }: Readonly<Record<string, string>>): string =>
      `${fontFamily.replace(/["']|,.*/g, '')} ${fontStyle} ${fontWeight}`;
    const faces = [...document.fonts].map(({ family, style, weight }) =>
      nameOf({ fontFamily: family, fontStyle: style, fontWeight: weight.replace('normal', '400') }),
    );
    const used = [...document.querySelectorAll('.katex-html *')].map((node) => {
      const { fontFamily, fontStyle, fontWeight } = getComputedStyle(node);
      return nameOf({ fontFamily, fontStyle, fontWeight });
    });
    return { faces, used: [...new Set(used)] };
  });
  expect(fonts.used).toHaveLength(3);
  expect(fonts.faces).toEqual(expect.arrayContaining(fonts.used));
});

testInBrowser('pointing at an equation highlights its heat maps, and pointing at a heat map its equation', async () => {
  const { page } = await visit(SMALL);
  const highlighted = (): Promise<string[]> =>
    page.evaluate(() =>
      [...document.querySelectorAll('.highlighted')]
        .filter((node) => !node.closest('[hidden]')) // the other subject's pictures
        .map((node) => node.tagName + (node.getAttribute('data-equation') ?? '')),
    );
  await page.hover('.equation[data-equation="3"]');
  expect(await highlighted()).toEqual(['FIGURE3', 'ARTICLE3']);
  await page.hover('#heatmaps figure:nth-child(6)');
  expect(await highlighted()).toEqual(['FIGURE4', 'ARTICLE4']);
  await page.focus('.equation[data-equation="1′"] .formulas');
  expect(await highlighted()).toEqual(['FIGURE1′', 'ARTICLE1′']);
});

/** The summary of the check for each mistake: the gradients that it makes wrong. */
const SUMMARIES: Record<string, string> = {
  none: 'Every gradient agrees with its numeric gradient to seven digits or more.',
  'no-forget-bias': 'Wrong: ∂L/∂kernel, ∂L/∂bias, ∂L/∂outKernel, ∂L/∂outBias, ∂L/∂x, ∂L/∂h0, ∂L/∂c0.',
  'sigmoid-for-tanh': 'Wrong: ∂L/∂kernel, ∂L/∂bias, ∂L/∂x, ∂L/∂h0, ∂L/∂c0. The others agree.',
  'swapped-gate': 'Wrong: ∂L/∂kernel, ∂L/∂bias, ∂L/∂x, ∂L/∂h0, ∂L/∂c0. The others agree.',
  'no-forget-gate': 'Wrong: ∂L/∂kernel, ∂L/∂bias, ∂L/∂x, ∂L/∂h0, ∂L/∂c0. The others agree.',
  'dropped-term': 'Wrong: ∂L/∂kernel, ∂L/∂bias, ∂L/∂x, ∂L/∂h0, ∂L/∂c0. The others agree.',
  'no-memory': 'Wrong: ∂L/∂kernel, ∂L/∂bias, ∂L/∂x, ∂L/∂h0, ∂L/∂c0. The others agree.',
};

testInBrowser('the check finds nothing in the engine, and every planted mistake', async () => {
  const opened = await visit(SMALL);
  const { page } = opened;
  expect(Object.keys(SUMMARIES)).toEqual(['none', ...PLANTED_MISTAKES.map(({ id }) => id)]);
  for (const [id, summary] of Object.entries(SUMMARIES)) {
    await page.check(`[value="${id}"]`);
    const planted = PLANTED_MISTAKES.find((mistake) => mistake.id === id);
    if (planted) expect(await opened.text('#planted')).toBe(`- ${planted.right}\n+ ${planted.wrong}`);
    await page.click('#run-check');
    await page.waitForSelector('#check-table:not([hidden])');
    expect([id, await opened.text('#check-summary')]).toEqual([id, summary]);
    expect(await page.locator('#check-table tbody tr').count()).toBe(7);
  }
});
