/** `longhand compare` of networks: a wrong element of every result, and every mistake. */
import { testMistakes } from '../../helpers/network-mistakes.js';
import { testWrongElements } from '../../helpers/wrong-elements.js';

testWrongElements();
testMistakes((place) => place % 3 !== 0); // test/compare/network-mistakes.test.ts makes the others
