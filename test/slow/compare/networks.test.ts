/** `longhand compare` of networks: a wrong element of every result. */
import { testWrongElements } from '../../helpers/wrong-elements.js';

testWrongElements();
