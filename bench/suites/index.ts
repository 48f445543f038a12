import { gates } from './gates.js';
import { matmul } from './matmul.js';
import { forward, step } from './model.js';
import { network } from './network.js';
import { scaling } from './scaling.js';
import { text } from './text.js';

export const SUITES = [matmul, gates, forward, step, scaling, network, text];
