/** The lines that a reader writes in chapters 2 and 4: which of them are right, and what the page says about the others. */
import { read } from '../helpers/chapter.js';
import { ASKED, type Asked, namesOf, type Reply, replyOn } from '../../docs/.vitepress/theme/by-hand/asked-lines.js';
import { evaluate } from '../../docs/.vitepress/theme/by-hand/formulas.js';
import { EXACT } from '../../docs/.vitepress/theme/by-hand/lines.js';
import { cellBackward, cellForward } from '../../docs/learn/pictures/cell.mjs';
import { gradientsOf, SEQUENCE, statesOf, TARGET, WEIGHTS } from '../../docs/learn/programs/one-unit.mjs';

const all = Object.values(ASKED).flat();
const line = (place: string, left: string): Asked => ASKED[place].find((one) => one.left === left)!;
const on = (place: string, left: string, text: string): Reply => replyOn(line(place, left), text);

test('each place is in a chapter, under its equation', () => {
  const pages = read('plain-rnn.md') + read('by-hand.md');
  expect([...pages.matchAll(/<div id="(write-[^"]+)"/g)].map(([, id]) => id).sort()).toEqual(Object.keys(ASKED).sort());
});

test('every line is right as it is shown, and its number is that of the chapter', () => {
  const [step] = Object.values(ASKED['write-rnn'].map(({ given: [example] }) => example));
  const h = statesOf(SEQUENCE, WEIGHTS);
  const { dz, dh } = gradientsOf(SEQUENCE, WEIGHTS, h, TARGET);
  const chapters: Record<string, number> = {
    ...{ dz: dz[2], dWx: step.x * dz[2], dWh: step.hPrev * dz[2], dBias: dz[2], dhPrev: dh[2] },
  };
  const own: Record<string, string> = { dhPrev: 'dh₁', dcPrev: 'dc₁[c₂]' };
  for (const [place, lines] of Object.entries(ASKED))
    for (const asked of lines) {
      const [name] = asked.left.split(' ');
      const right =
        place === 'write-rnn' ? chapters[name] : EXACT[place === 'write-dc' ? 'dc₁' : (own[name] ?? `${name}₂`)];
      expect([name, evaluate(asked.formula, asked.given[0])]).toEqual([name, expect.closeTo(right, 13) as number]);
      expect([name, replyOn(asked, `${asked.left} ${asked.formula}`).kind]).toEqual([name, 'right']);
    }
});

test('a reader writes it with the keyboard, and in another form', () => {
  const right = [
    on('write-4', 'dc +=', 'dc += dh*o*(1 - tanh(c)^2)'),
    on('write-4', 'dc +=', 'dh * o * (1 - tanh(c)**2)'),
    on('write-4', 'dc +=', 'o·dh − o·dh·tanh(c)²'),
    on('write-2', 'dzi =', 'di*sigmoid(zi)*sigma(-zi)'),
    on('write-2', 'dzf =', 'df*f*(1-σ(zf+1))'),
    on('write-dc', 'dc =', 'dh*o*(1-tanh(c)^2) + dcNext*fNext'),
  ];
  expect(right.map(({ kind }) => kind)).toEqual(right.map(() => 'right'));
  expect(right[0].words).toBe('Right: −0.2031 with the chapter’s numbers, and right with 5 sets of others.');
  expect(namesOf(line('write-dc', 'dc ='))).toEqual(['dcNext', 'fNext', 'dh', 'o', 'c']);
});

test('the first reply says which quantity differs and what follows; the second, the mistake', () => {
  expect(on('write-4', 'dc +=', 'dh*o*(1 - c^2)')).toEqual({
    kind: 'wrong',
    words:
      'dc differs: it is 0.1944, but must be −0.2031. What is computed from it differs too: di, dj, df and dcPrev.',
    mistake: 'Your line gives these numbers if tanh′ has the wrong argument: it is 1 - tanh² c, and not 1 - c².',
  });
  expect(on('write-dc', 'dc =', 'dh*o*(1-tanh(c)^2)').mistake).toContain('dc₁[c₂]');
  expect(on('write-rnn', 'dz =', 'dh*(1-hPrev^2)').mistake).toContain('the h before the step');
  expect(on('write-rnn', 'dWx +=', '-dz').words).toBe(
    'With the chapter’s numbers it is right, and only by chance. With others, dWx differs: it is −0.0620, but must be −0.0731.',
  );
});

test('each known mistake of a line is wrong with some numbers, and named, unless its numbers are another’s too', () => {
  const unknown = all.flatMap((asked) =>
    asked.mistakes.flatMap(({ formula, condition }) => {
      const reply = replyOn(asked, formula);
      // what the reader does not have here cannot be written
      return reply.kind === 'unreadable' || reply.mistake?.startsWith('Your line gives these numbers if')
        ? []
        : [condition];
    }),
  );
  expect(unknown).toEqual([]);
  expect(all.flatMap(({ mistakes }) => mistakes).length).toBeGreaterThan(80);
});

test.each([
  ['', 'Write what stands behind dc +='],
  ['dc', 'there is no dc here. The line can be written with dh, o, c.'],
  ['dh*o*(1 - tanh(c)^2', 'cannot be read: is a parenthesis or an operator missing?'],
  ['dh o', 'an operator is missing, such as *.'],
  ['o(1 - c)', 'between a name and ( an operator is missing, such as *.'],
  ['dh.constructor', 'only names, numbers, + - * / ², σ( ) and tanh( ) can stand here.'],
])('“%s” is no line', (text, words) => {
  expect(on('write-4', 'dc +=', text)).toEqual({ kind: 'unreadable', words: expect.stringContaining(words) as string });
});

test('a division by zero is wrong, and shown as what it is', () => {
  expect(on('write-4', 'do =', 'dh/(c-c)').words).toContain('it is −Infinity');
});

test('the drawing lights the arrows of each line, backward, and no others', () => {
  for (const { lights, left } of all.filter((one) => one.lights.length > 0)) {
    const parts = cellBackward(lights).flat(Infinity) as string[];
    expect([left, parts.filter((part) => part.startsWith('<path class="third"')).length]).toEqual([
      left,
      lights.length,
    ]);
  }
  const [arrow] = (cellBackward(['c-h']).flat(Infinity) as string[]).filter((part) => part.includes('class="third"'));
  expect(arrow).toContain('d="M190 426L190 376"'); // from h to c
  const coloured = (cellForward('(3)').flat(Infinity) as string[]).filter((part) =>
    /^<path class="(first|second)"/.test(part),
  );
  expect(coloured).toHaveLength(4); // from i, j, f and cPrev
});
