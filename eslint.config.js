import js from '@eslint/js';
import globals from 'globals';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  // AssemblyScript is not TypeScript.
  {
    ignores: [
      'dist/',
      'kernels/wasm/assembly/',
      'bench/assembly/',
      'kernels/wasm/binaries.ts',
      'kernels/wasm/jobs.ts',
      'src/exercises/texts.ts',
      'src/exercises/given.ts',
      'src/exercises/numbers.ts',
      'src/exercises/bugs.ts',
      'docs/.vitepress/.temp/',
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      // Error messages contain numbers.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // A backend without memory to free, or a hook that is not set, does nothing.
      '@typescript-eslint/no-empty-function': ['error', { allow: ['methods', 'asyncMethods', 'arrowFunctions'] }],
      // A method is `async` if it has to wait on some backend, even if it does not on this one.
      '@typescript-eslint/require-await': 'off',
      // `() => expect(…)` and `() => bar.stop()` say the same as with braces.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_$' }],
    },
  },
  {
    files: ['src/cli/**/*.ts'],
    // Print through print.ts: it escapes control characters, and notices a closed output.
    rules: { 'no-console': 'error' },
  },
  {
    files: ['test/**/*.ts'],
    // An unexpected null fails the test anyway.
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  { files: ['**/*.{js,mjs}'], languageOptions: { globals: globals.node } },
  // A reader fills this file: without the answers, its parameters are not used.
  { files: ['docs/learn/programs/min-char-rnn.mjs'], rules: { 'no-unused-vars': 'off' } },
  {
    files: ['src/page/{isolation,theme}/*.js'],
    languageOptions: { sourceType: 'script', globals: { ...globals.browser, ...globals.serviceworker } },
  },
  // Parts of this file run in the page.
  { files: ['test/screenshots.mjs'], languageOptions: { globals: globals.browser } },
);
