// @ts-check
/**
 * Mistakes in the kernels of the WebGPU backend, and in the code that merges, records and replays calls. `npm run test:mutations` plants
 * each, and its test must fail: `npm run test:mutations -- webgpu` plants only these.
 */

const SUITE = 'slow/kernels/backend-webgpu';
const CORE = 'kernels/backend-webgpu';
const MEMORY = 'kernels/webgpu-memory';
const DEVICE = 'kernels/webgpu-device';
const CLIPPING = 'kernels/webgpu-clipping';
const LISTS = 'kernels/webgpu-lists';

/**
 * @typedef {object} KernelMistake
 * @property {string} id
 * @property {'webgpu'} equation
 * @property {string} file The file, from the project's folder.
 * @property {string} right The text there; it occurs exactly once.
 * @property {string} wrong The text that replaces it.
 * @property {string} test The test file that must fail.
 * @property {string} only A pattern for the names of the tests that run: as few as notice the mistake.
 */

/**
 * The mistakes in one file, by their ids: the right text, the wrong one, the test file, and a pattern for the tests' names.
 *
 * @param {string} file
 * @param {Record<string, readonly [right: string, wrong: string, test: string, only: string]>} list
 * @returns {KernelMistake[]}
 */
const mistakes = (file, list) =>
  Object.entries(list).map(([id, [right, wrong, test, only]]) => ({
    id: `webgpu ${file}: ${id}`,
    equation: 'webgpu',
    file: `kernels/webgpu/${file}.ts`,
    right,
    wrong,
    test,
    only,
  }));

const MERGED = 'software merged steps.*tutorial';
const CLASSES = 'software merged steps.*classes';

/** The list of test/helpers/directed-lists.ts with this name. */
const listIn = (/** @type {string} */ name) => `software.* list in which ${name}$`;

/** @type {readonly KernelMistake[]} */
export const WEBGPU_MISTAKES = [
  ...mistakes('math', {
    'ln 2 loses its second part': [
      'fma(n, ${type}(2.12194440e-4), ',
      'fma(n, ${type}(0.0), ',
      SUITE,
      'software.*lstmCell',
    ],
    'NaN becomes a number': [
      'return select(result, x, isNaN);',
      'return select(result, select(x, ${type}(1.0), isNaN), isNaN);',
      CORE,
      'not finite',
    ],
    'large arguments of σ': ['clamp(x, ${type}(-80.0), ${type}(20.0))', 'x', CORE, 'not finite'],
    'n times ln 2 is rounded': [
      'fma(first, ${type}(-1.0 / 512.0), x)',
      'fma(n, ${type}(-0.693359375), x)',
      CORE,
      'keep their digits',
    ],
    'tanh loses digits near 0': [
      'let E = fma(expOfRestMinus1(twice, n), power, power - 1.0);',
      'let E = expOf(twice) - 1.0;',
      CORE,
      'keep their digits',
    ],
  }),
  ...mistakes('cell', {
    'no forget bias': ['sigmoid(zf + p.forgetBias)', 'sigmoid(zf)', CORE, MERGED],
    'df with c of its own step': ['let dF = dC * cPrev;', 'let dF = dC * c;', CORE, MERGED],
    'dc without the gradient of the next step': [
      '1.0 - tanhC * tanhC, dcNext)',
      '1.0 - tanhC * tanhC, dcNext * 0.0)',
      CORE,
      MERGED,
    ],
    'pitch of H in numbers': [
      'pitch: 4 * pitch });\n\n/** Addresses',
      'pitch: H });\n\n/** Addresses',
      SUITE,
      'software.*lstmCell',
    ],
    'rows beyond the batch': [
      'r < ${rows}u && row + r < p.B; r++) {\n    ${times(4, (g) => `let z${GATES[g]} = sums',
      'r < ${rows}u; r++) {\n    ${times(4, (g) => `let z${GATES[g]} = sums',
      CORE,
      MERGED,
    ],
    'z of no step is kept': ['storesZ: Number(storesZ)', 'storesZ: 0', CORE, MERGED],
    'h has the pitch of the cell': [
      'hPitch: hPrev.pitch',
      'hPitch: h.pitch',
      CORE,
      'software merged steps.*projection',
    ],
    'dh of the step is not kept': ['memory[p.dh + at] = dh;', '', CORE, MERGED],
    'lanes of dz exchanged': [
      'fma(vec4f(dz.${LANES[lane]}), w${lane}, dh${r})',
      'fma(vec4f(dz.${LANES[3 - lane]}), w${lane}, dh${r})',
      CORE,
      MERGED,
    ],
  }),
  ...mistakes('loss', {
    'the largest logit is not subtracted': [
      '+ k] - largest);\n    memory[p.probabilities',
      '+ k]);\n    memory[p.probabilities',
      SUITE,
      'software.*crossEntropy',
    ],
    'masked rows have a gradient': [
      '* sum - label(b, k)) / p.count',
      '- label(b, k)) / p.count',
      SUITE,
      'software.*crossEntropy',
    ],
    'labels without pitch': [
      'memory[p.labels + b * p.pitch + k]',
      'memory[p.labels + b * p.C + k]',
      SUITE,
      'software.*crossEntropy',
    ],
    'class 0 instead of -1': [
      'memory[p.labels + b] == f32(k)',
      'max(memory[p.labels + b], 0.0) == f32(k)',
      SUITE,
      'software.*crossEntropy',
    ],
    'half of the quadratic part': ['r * r / 2.0, abs(r)', 'r * r, abs(r)', SUITE, 'software.*huber'],
    'a gradient of an exact quantile': ['1.0 - q, r > 0.0)', '1.0 - q, r >= 0.0)', SUITE, 'software.*pinball'],
    'quantiles exchanged': [
      'select((1.0 - q) * r, -q * r, r < 0.0)',
      'select(q * r, (q - 1.0) * r, r < 0.0)',
      SUITE,
      'software.*pinball',
    ],
    'the mask is left out': ['sum += memory[p.mask + row + k] * (', 'sum += (', SUITE, 'software.*Error'],
  }),
  ...mistakes('matmul', {
    'a bias for each row': ['[start.address, 0]', '[start.address, start.pitch]', SUITE, 'software.*matmul'],
    'columns beyond the edge': ['column + ${c}u < N4)`', 'column + ${c}u <= N4)`', SUITE, 'software.*matmul'],
    'too few groups': [
      'groups: Math.ceil(tiles / THREADS)',
      'groups: Math.max(1, Math.floor(tiles / THREADS))',
      SUITE,
      'software.*matmul',
    ],
    'steps of a and b exchanged': [
      'aStride: wrapped(aStride), bStride: wrapped(bStride)',
      'aStride: wrapped(bStride), bStride: wrapped(aStride)',
      CORE,
      MERGED,
    ],
    'the first block at every step': ['let bAt = p.b + s * p.bStride;', 'let bAt = p.b;', CORE, MERGED],
    'the last k is left out': [
      'for (var k = 0u; k < p.K; k++) {',
      'for (var k = 0u; k + 1 < p.K; k++) {',
      SUITE,
      'software.*matmul',
    ],
    'every row of Aᵀ from the first group': [
      '`g${Math.floor(r / 4)}.${LANES[r % 4]}`',
      '`g0.${LANES[r % 4]}`',
      SUITE,
      'software.*matmul',
    ],
    'Bᵀ has the same columns twice': [
      'memory[bAt + bRow${4 * c + j} + k / 4]',
      'memory[bAt + bRow${j} + k / 4]',
      SUITE,
      'software.*matmul',
    ],
  }),
  ...mistakes('workgroup-tiles', {
    'pads are added': [
      '`select(vec4f(), ${value}, (vec4u(${k}) + vec4u(0, 1, 2, 3)) < vec4u(p.K))`',
      '`select(vec4f(), ${value}, vec4u(${k}) < vec4u(p.K))`',
      CORE,
      'end a row',
    ],
    'no barrier before the sums': [
      "${copyOf('b', bTransposed, 'N', 'firstColumn')}\n      workgroupBarrier();",
      "${copyOf('b', bTransposed, 'N', 'firstColumn')}",
      SUITE,
      'GPUs.*matmul',
    ],
    'no barrier after the sums': [
      "s${r});`, ' ')} }`)}\n      }\n      workgroupBarrier();",
      "s${r});`, ' ')} }`)}\n      }",
      SUITE,
      'GPUs.*matmul',
    ],
    'the first block at every step': [
      'let aAt = p.a + s * p.aStride;',
      'let aAt = p.a;',
      CORE,
      'gpu merged steps.*tutorial',
    ],
    'only half of the lines': [
      'let line = ${first} + 4 * (thread % 16);',
      'let line = ${first} + 4 * (thread % 8);',
      SUITE,
      'GPUs.*matmul',
    ],
  }),
  ...mistakes('pointwise', {
    'β of the other moment': [
      'fma(g - memory[places.y + n], vec4f(${1 - BETA1})',
      'fma(g - memory[places.y + n], vec4f(${1 - BETA2})',
      SUITE,
      'software.*adam',
    ],
    'ε inside the root': ['(sqrt(square) + ${EPSILON})', 'sqrt(square + ${EPSILON})', CORE, 'more parameters'],
    'the update before': [
      'group >= p.list[2 * one + 3].x',
      'group > p.list[2 * one + 3].x',
      LISTS,
      listIn('nothing differs'),
    ],
    'a second launch begins again': [
      'updates.slice(first, first + MOST_UPDATES)',
      'updates.slice(0, MOST_UPDATES)',
      CORE,
      'more parameters',
    ],
    'the velocity is not kept': ['memory[p.v + n] = velocity;', '', SUITE, 'software.*sgd'],
    'as many groups as numbers allow': [
      'Math.ceil(count / THREADS);',
      'Math.max(1, Math.floor(count / THREADS));',
      SUITE,
      'software.*(fill|copy|add)',
    ],
  }),
  ...mistakes('rows', {
    'sums begin at 0': ['if (p.accumulate != 0) { sum', 'if (p.accumulate == 9) { sum', CORE, MERGED],
    'the first block at every step': ['let row = p.a + s * p.stride + index;', 'let row = p.a + index;', CORE, MERGED],
    'indices of the first step': [
      'p.indices + (m / p.perStep) * p.pitch + m % p.perStep',
      'p.indices + m % p.perStep',
      CORE,
      CLASSES,
    ],
    'equal classes overwrite': [
      'p.N4 + index] += memory[row]; // (15′)',
      'p.N4 + index] = memory[row]; // (15′)',
      CORE,
      CLASSES,
    ],
    'each row from all classes': [
      'if (indexOf(s * p.M + m) == k) {',
      'if (indexOf(s * p.M + m) >= k) {',
      CORE,
      'gpu merged steps.*classes',
    ],
    'no bias with classes': ['+ n] + memory[p.bias + n]; // (15)', '+ n]; // (15)', CORE, CLASSES],
  }),
  ...mistakes('kernel', {
    'the list begins after the names': [
      '4 * Math.ceil((whole.length + real.length) / 4)',
      'whole.length + real.length',
      CORE,
      MERGED,
    ],
    'one row of workgroups': ['const rows = Math.ceil(groups / WIDEST);', 'const rows = 1;', CORE, 'more workgroups'],
    'the second row of workgroups again': [
      'let group = workgroup.y * grid.x + workgroup.x;',
      'let group = workgroup.x;',
      CORE,
      'more workgroups',
    ],
  }),
  ...mistakes('allocations', {
    'pads are not skipped': [
      'padded.set(values.subarray(m * columns, (m + 1) * columns), 4 * m * pitch)',
      'padded.set(values.subarray(m * columns, (m + 1) * columns), m * columns)',
      CORE,
      MERGED,
    ],
    'a view begins at the tensor': ['address: address + from * pitch', 'address', CORE, MERGED],
    'indices begin at the row': [
      'first: 4 * place.address + column',
      'first: 4 * place.address',
      SUITE,
      'software.*(embedding|crossEntropy|class)',
    ],
    'a freed tensor keeps its memory': [
      'this.memory.release(tensor.address);',
      '',
      MEMORY,
      'networks that are disposed of',
    ],
  }),
  ...mistakes('../held-tensors', {
    'parts of a row': ['const aligned = offset % columns === 0;', 'const aligned = true;', CORE, 'whole rows'],
  }),
  ...mistakes('heap', {
    'grows as if nothing were free': ['this.end + size - this.freeAtEnd', 'this.end + size', DEVICE, 'adapter allows'],
    'the rest of a free part is lost': ['found > size ?', 'found > 2 * size ?', MEMORY, 'heap'],
    'the rest begins too early': [
      'address: address + size, size: found - size',
      'address: address + size - 1, size: found - size + 1',
      MEMORY,
      'heap',
    ],
    'neighbours are not joined': [
      'last && last.address + last.size === next.address',
      'last && last.address + last.size === -1',
      MEMORY,
      'heap',
    ],
  }),
  ...mistakes('memory', {
    'freed numbers stay': ['if (address < end) {', 'if (address > end) {', MEMORY, 'new ones are zeros'],
    'numbers are lost when it grows': [
      'encoder.copyBufferToBuffer(this.buffer, 0, larger, 0, before);',
      '',
      MEMORY,
      'memory grows',
    ],
    'replays use the old buffer': ['this.generation++;', '', MEMORY, 'after the memory has grown'],
    'numbers wait for one another': ['unused.push(target);', '', MEMORY, 'staging'],
    'scratch of any size': ['one.size >= size', 'one.size > 0', MEMORY, 'share room'],
  }),
  ...mistakes('plan', {
    'every kernel is the first one': [
      'this.made.get(kernel.name)',
      '[...this.made.values()].at(0)',
      CORE,
      'numbers are data',
    ],
    'kernels by their number of parameters': [
      'this.made.get(kernel.name)',
      '[...this.made].find(([name]) => name.length === kernel.name.length)?.[1]',
      SUITE,
      'software.*Error',
    ],
    'numbers of the first run': [
      'if (Object.is(this.reals[word], value)) continue;',
      'continue;',
      CORE,
      'numbers are data',
    ],
    'numbers of the first call': [
      'numbers[datum.call][datum.index]',
      'numbers[0][datum.index]',
      CORE,
      'numbers are data',
    ],
    'parameters of the first launch': ['offset: [n * PARAMETER_BYTES]', 'offset: [0]', CORE, MERGED],
    'the pipeline before': ['if (pipeline !== last) pass', 'if (!last) pass', CORE, MERGED],
  }),
  ...mistakes('calls', {
    'a bias is added to what out holds': ["if (option === 'bias') return places[3];", '', SUITE, 'software.*matmul'],
    'any step of a tensor is the same': [
      'one.address === other.address &&\n',
      '',
      LISTS,
      listIn('each step has a z of one tensor'),
    ],
    'blocks with gaps': ['Math.abs(stride) === rows * pitch', 'true', LISTS, listIn('steps leave others out')],
    'joined from the first step': ['...(first.address < last.address ? first : last),', '...first,', CORE, MERGED],
    'operands may overlap': [
      'one.address < endOf(other) && other.address < endOf(one)',
      'false',
      LISTS,
      listIn('two sums are one'),
    ],
    'steps of a tensor are one view': [
      'one.data !== other.data || one.offset !== other.offset',
      'one.data !== other.data',
      LISTS,
      listIn('nothing differs'),
    ],
    'transposes are one view': [
      'if (shape[axis] !== other.shape[axis] || stride[axis] !== other.stride[axis]) return false;',
      '',
      CORE,
      'in an option',
    ],
    'a sum with or without what is there': ['call.option !== option ||', '', CORE, 'in an option'],
    'classes are not found': ['crossEntropyBackward: 2,', '', SUITE, 'software.*crossEntropy'],
  }),
  ...mistakes('queue', {
    'calls before the difference are lost': [
      'this.expected.calls.slice(0, count);\n    this.expected',
      '[];\n    this.expected',
      CORE,
      'then differs',
    ],
    'a shorter list is the expected one': [
      'if (this.expected?.calls.length !== count) this.depart(count);',
      '',
      CORE,
      'then differs',
    ],
    'an upload overtakes calls': [
      'if (calls.some((call) => touches(call, data))) this.submit();',
      '',
      CORE,
      'keep the order',
    ],
    'lists of a freed tensor stay': [
      'this.forget(this.plans.filter(({ calls }) => calls.some((call) => touches(call, data))));',
      '',
      MEMORY,
      'networks that are disposed of',
    ],
    'all lists stay': [
      'if (this.plans.length > MOST_PLANS) this.forget([this.plans[0]]);',
      '',
      MEMORY,
      'lists are kept',
    ],
    'every list is new': [
      'this.plans.find(({ calls }) => isList(calls, this.calls))',
      'undefined',
      CORE,
      'numbers are data',
    ],
  }),
  ...mistakes('merge', {
    'delta and count exchanged': [
      '{ delta: number(1), count }',
      '{ delta: count, count: number(1) }',
      SUITE,
      'software.*huber',
    ],
    'momentum is the rate': [
      'sgd(places, number(0), number(1))',
      'sgd(places, number(0), number(0))',
      SUITE,
      'software.*sgd',
    ],
    'two updates of one tensor at once': [
      'areOtherTensors(calls[end].places, places())',
      'true',
      CORE,
      'updates of one tensor',
    ],
    'one update too few': ['count: end - n,', 'count: end - n + 1,', CORE, MERGED],
  }),
  ...mistakes('forward-run', {
    'any tensor for z': [
      'isSamePlace(next.cell.places[3], first.cell.places[3]) &&',
      '',
      LISTS,
      listIn('a step has another z'),
    ],
    'inputs that a step overwrites': [
      'areOtherTensors([h, c, gates, z], read)',
      'true',
      LISTS,
      listIn('the inputs are the states of other steps'),
    ],
    'any number of inputs': [
      'next.inputs.length !== first.inputs.length ||',
      '',
      LISTS,
      listIn('a step has one input less'),
    ],
    'indices in the order of the steps': [
      'first: (isReverse ? other : one).firstIndex',
      'first: one.firstIndex',
      LISTS,
      listIn('classes come in reverse'),
    ],
    'other weights of the input': [
      'isOf(2) &&\n      (input',
      '(input',
      LISTS,
      listIn('a step has other weights of the input'),
    ],
    'inputs of later steps overwrite what a step reads': [
      'areOtherTensors([gates], [hPrev, Wh])',
      'true',
      LISTS,
      listIn('states are the gates of other steps'),
    ],
    'inputs of later steps overwrite the weights': [
      'areOtherTensors([gates], [hPrev, Wh])',
      'areOtherTensors([gates], [hPrev])',
      LISTS,
      listIn('recurrent weights are the gates of a later step'),
    ],
  }),
  ...mistakes('backward-run', {
    'dz of the last step is not left': ['copy([dz, dzOf(end)]), // as after the last call', '', CORE, MERGED],
    'dz in the order of the steps': [
      'address: address + (isReverse ? steps.length - 1 - s : s) * size',
      'address: address + s * size',
      CORE,
      MERGED,
    ],
    'dz of its own step': ['dzNext: dzOf(s - 1)', 'dzNext: dzOf(s)', CORE, MERGED],
    'sums in what a step reads': [
      'areOtherTensors(outs, [dz, dc, dcPrev, dh, ...states, Wh]) &&',
      '',
      LISTS,
      listIn('a sum is in what every step reads'),
    ],
    'other sums of dWh': [
      "if (role === 'weights') return isOf(0);",
      "if (role === 'weights') return true;",
      LISTS,
      listIn('a step has another sum'),
    ],
    'any dh': [
      'if (!isSamePlace(recurrentOf(last).places[0], next.cell.places[3])) return false; // dhPrev is the next dh',
      '',
      LISTS,
      listIn('dhPrev is not the next dh'),
    ],
    'sums that a step changes': [
      'areOtherTensors(read, [dz, dc, dcPrev, dh, ...outs])',
      'areOtherTensors(read, outs)',
      LISTS,
      listIn('a sum reads what the next step changes'),
    ],
    'sums that read one another': [
      'areOtherTensors(read, [dz, dc, dcPrev, dh, ...outs])',
      'areOtherTensors(read, [dz, dc, dcPrev, dh])',
      LISTS,
      listIn('a sum reads another sum'),
    ],
    'sums in one another': ['areApart(outs) &&', '', LISTS, listIn('two sums are one')],
    'dx of one input in dx of another': [
      'dxs.every((dx) => isAlone(dx, outs)) &&',
      '',
      LISTS,
      listIn('dx of one input is dx of the step after, of another input'),
    ],
    'other calls after the cell': [
      'if (next.roles.join() !== first.roles.join()) return false;',
      'if (next.roles.length !== first.roles.length) return false;',
      LISTS,
      listIn('a step has a product instead of the sum of the rows'),
    ],
    'two sums of dhPrev': [
      "roles.filter((role) => role === 'dhPrev').length === 1 &&",
      "roles.includes('dhPrev') &&",
      LISTS,
      listIn('two products are added to dhPrev'),
    ],
  }),
  ...mistakes('backend', {
    'a tensor is freed before its calls': [
      'this.queue.submitIfTouched(data); // the next tensor may get its memory',
      '',
      CORE,
      'keep the order',
    ],
    'an upload overtakes calls': [
      'this.queue.submitIfTouched(data);\n    const values',
      'const values',
      CORE,
      'keep the order',
    ],
    'keepPace submits nothing': ['this.queue.submit();\n    const before', 'const before', MEMORY, 'lists are kept'],
    'keepPace waits for nothing': ['await before;', '', DEVICE, 'lost device'],
  }),
  ...mistakes('device', {
    'nothing ends what waits': [
      'for (const reject of this.waiting) reject(this.failure);',
      '',
      DEVICE,
      'that never ends',
    ],
    'the last error counts': ['this.failure ??= error;', 'this.failure = error;', DEVICE, 'first error'],
    'a lost device is no error': [
      'if (!this.isClosing) this.fail(',
      'if (this.isClosing) this.fail(',
      DEVICE,
      'lost device',
    ],
    'no memory is any error': ["error.constructor.name === 'GPUOutOfMemoryError'", 'false', DEVICE, 'no more memory'],
    'the smaller limit': [
      'Math.min(maxStorageBufferBindingSize, maxBufferSize)',
      'Math.max(maxStorageBufferBindingSize, maxBufferSize)',
      DEVICE,
      'adapter allows',
    ],
  }),
  ...mistakes('adapter', {
    'a software adapter is a GPU': ['|| /llvmpipe|swiftshader|', '|| /swiftshader|', DEVICE, 'software adapter'],
  }),
  ...mistakes('clipping', {
    'numbers beyond a row count in the norm': ['select(vec4f(), g, isColumn)', 'g', CLIPPING, 'are clipped together'],
    'sums of a second list overwrite the first': [
      'const place = sums + before;',
      'const place = sums;',
      CLIPPING,
      'are clipped together',
    ],
    'only the first gradient': ['group >= p.list[one + 1].y)', 'group > 1000000u)', CLIPPING, 'are clipped together'],
    'half of a sum': [
      'half = ${THREADS / 2}u; half > 0;',
      'half = ${THREADS / 4}u; half > 0;',
      CLIPPING,
      'are clipped together',
    ],
    'a small norm is scaled up': ['if (sqrt(sums.x) > p.limit) {', '{', SUITE, 'software.*clipByNorm'],
    'squares overflow': ['if (isFinite(sums.x)) {', 'if (true) {', SUITE, 'software.*clipByNorm'],
    'NaN is clipped': [
      'select(clamp(g, vec4f(-p.limit), vec4f(p.limit)), g, isNaN)',
      'clamp(g, vec4f(-p.limit), vec4f(p.limit))',
      SUITE,
      'software.*leaves NaN',
    ],
  }),
];
