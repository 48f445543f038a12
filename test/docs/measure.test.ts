/** The page /measure without a browser: its link, its roofline, its sentences. */
import { deflateRawSync } from 'node:zlib';
import { fragmentOf, issueAddress, resultOf } from '../../docs/.vitepress/theme/measure/link.js';
import { intensityOf, roofOf } from '../../bench/measure/peak.js';
import { pointsOf, roofPath } from '../../docs/.vitepress/theme/measure/roofline.js';
import { reasonsOf, titleOf, verdictOf } from '../../docs/.vitepress/theme/measure/words.js';
import { STEP } from '../../bench/measure/plan.js';
import { measuredResult } from '../helpers/bench-rows.js';

const linkTo = (bytes: string | Buffer): string =>
  `#result=${deflateRawSync(bytes, { level: 9 }).toString('base64url')}`;

describe('the link', () => {
  test('has the result, in characters that an address can have', async () => {
    const result = measuredResult();
    const fragment = await fragmentOf(result);
    expect(fragment).toMatch(/^#result=[\w-]{100,1500}$/);
    expect(await resultOf(fragment)).toEqual(result);
    expect(await resultOf(linkTo(JSON.stringify(result)))).toEqual(result);
    expect([await resultOf(''), await resultOf('#how-to-read-it')]).toEqual([undefined, undefined]);
  });

  test.each([
    ['empty', '#result=', 'characters that no result has'],
    ['with markup', '#result=<script>', 'characters that no result has'],
    ['not compressed', '#result=AAAA', 'is damaged'],
    ['too long', `#result=${'A'.repeat(20_001)}`, 'has 20001 characters, more than 20000'],
    [
      'too large when it is decompressed',
      linkTo(Buffer.alloc(5_000_000, 32)),
      'decompresses to more than 200000 bytes',
    ],
    ['not UTF-8', linkTo(Buffer.from([0xff, 0xfe])), 'is damaged'],
    ['without fields', linkTo('{"format":"longhand-measure-1"}'), 'the link.date: missing'],
    ['with a prototype', linkTo('{"__proto__":{}}'), 'the link.format: missing'],
  ])('a hostile one is refused in a sentence: %s', async (_, fragment, message) => {
    await expect(resultOf(fragment)).rejects.toThrow(message);
  });

  test('an issue has it, if the site says where to send it', () => {
    const result = measuredResult();
    expect(issueAddress('', result, 'https://example.org/measure/#result=x')).toBeUndefined();
    const address = new URL(
      issueAddress('https://example.org/new?template=a', result, 'https://example.org/measure/#result=x')!,
    );
    expect(address.searchParams.get('title')).toBe('A result of /measure: example, gpu');
    expect(address.searchParams.get('body')).toContain('\n\nhttps://example.org/measure/#result=x');
    expect(address.origin).toBe('https://example.org');
  });
});

describe('the roofline', () => {
  test('a square product of n has the intensity n/6, and its GFLOPS', () => {
    expect(intensityOf({ M: 96, K: 96, N: 96 })).toBeCloseTo(16, 12);
    const points = pointsOf(measuredResult());
    expect(points.map(({ gflops }) => Math.round(gflops))).toEqual([34, 268, 2684, 1342]);
    expect(points.map(({ family, isOwn }) => [family, isOwn])).toEqual([
      ['wasm', true],
      ['wasm', true],
      ['webgpu', true],
      ['webgpu', false],
    ]);
  });

  test('the roof rises with the copy, and is flat from the ridge on', () => {
    const limit = { family: 'wasm', threads: 1, gflops: 60, gigabytes: 20 } as const;
    expect([1, 3, 100].map((intensity) => roofOf(limit, intensity))).toEqual([20, 60, 60]);
    const plain = { least: 1, most: 8, place: (value: number) => value };
    expect(roofPath(limit, plain, plain)).toBe('M1.0 20.0L3.0 60.0L8.0 60.0');
    expect(roofPath({ ...limit, gigabytes: 1 }, plain, plain)).toBe('M1.0 1.0L8.0 8.0L8.0 8.0'); // the ridge lies outside
  });
});

describe('the sentences', () => {
  test('which is quickest at the step, and by how much', () => {
    const { cases } = measuredResult();
    expect(verdictOf(cases)).toBe(
      'For the tutorial’s training step, longhand-webgpu is quickest with 12.0 ms: 3.3 times as fast as jax-webgpu with 40.0 ms.',
    );
    expect(verdictOf(cases.slice(0, 1))).toContain(
      'For the product 512³, longhand-webgpu is quickest with 0.100 ms: 2.0 times',
    );
    const alone = cases.map(({ task, rows }) => ({
      task,
      rows: rows.filter(({ candidate }) => candidate.startsWith('longhand')),
    }));
    expect(verdictOf(alone)).toBe(
      'For the tutorial’s training step, the quickest of Longhand’s backends is longhand-webgpu, with 12.0 ms.',
    );
    expect(verdictOf([])).toBeUndefined();
  });

  test('what was left out, and where', () => {
    expect(reasonsOf(measuredResult().cases)).toEqual(['jax-webgpu: stopped: no answer within 1.0 s (512³)']);
  });

  test('the names of the cases', () => {
    const names = [STEP, { ...STEP, H: 256 }, { kind: 'matmul', form: 'A·Bᵀ', M: 128, K: 512, N: 128 } as const].map(
      titleOf,
    );
    expect(names).toEqual(['step', 'step, H 256', 'dz·Whᵀ']);
  });
});
