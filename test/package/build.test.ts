/** The build builds everything that has changed, and nothing else. test/slow/package/build.test.ts has its locks and faults. */
import { rmSync, utimesSync, writeFileSync } from 'node:fs';
import { done, smallProject } from '../helpers/built-project.js';

describe('a build of three parts, one of which makes an input of the others,', () => {
  const { at, read, build } = smallProject();

  test('does nothing if only the times of files have changed', () => {
    expect(build()).toEqual(done());
    for (const file of ['given', 'source/text', 'dist/second/text']) utimesSync(at(file), 2e9, 2e9);
    expect(build()).toEqual(done());
  });

  test('rebuilds the parts that read a changed, new or deleted input, even if the input is older', () => {
    writeFileSync(at('source/text'), 'other');
    utimesSync(at('source/text'), 1e9, 1e9);
    expect(build()).toEqual(done('second', 'third'));
    expect(read('dist/third/text')).toBe('other');
    writeFileSync(at('source/new'), '');
    expect(build()).toEqual(done('second', 'third'));
    rmSync(at('source/new'));
    expect(build()).toEqual(done('second', 'third'));
    writeFileSync(at('source/unread'), 'other');
    expect(build()).toEqual(done());
  });

  test('tries a failed part again the next time, and still builds the others', () => {
    const errors = 'build: wrong text in third\n';
    writeFileSync(at('source/text'), 'wrong: third');
    expect(build()).toEqual({ status: 1, made: ['second', 'third'], errors });
    expect(build()).toEqual({ status: 1, made: ['third'], errors });
    writeFileSync(at('source/text'), 'text');
    expect(build()).toEqual(done('second'));
  });
});
