/** The gradients of the whole model compared with numeric gradients: more random sizes, biases and states. */
import { testRandomModels } from '../../helpers/random-gradients.js';

testRandomModels(200);
