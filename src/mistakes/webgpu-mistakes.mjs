// @ts-check
/**
 * Mistakes in the kernels of the WebGPU backend, and in the code that merges, records and replays calls. `npm run test:mutations` plants
 * each, and its test must fail: `npm run test:mutations -- webgpu` plants only these. They have the form of planted-mistakes.mjs. The headings have
 * the file in kernels/webgpu, the test file that must fail, and a pattern for the names of the tests that run: as few as notice the
 * mistakes. `list in which` are those of test/helpers/directed-lists.ts.
 */
import { rowsIn } from './planted-mistakes.mjs';

/**
 * @typedef {object} KernelMistake
 * @property {string} id
 * @property {'webgpu'} equation
 * @property {string} file The file, from the project's folder.
 * @property {string} right The text there; it occurs exactly once.
 * @property {string} wrong The text that replaces it.
 * @property {string} test The test file that must fail.
 * @property {string} only A pattern for the names of the tests that run.
 */

const LIST = `
## kernel, slow/kernels/backend-webgpu: software.*lstmCell
ln 2 loses its second part
- fma(n, \${type}(2.12194440e-4),
+ fma(n, \${type}(0.0),
## kernel, kernels/backend-webgpu: not finite
NaN becomes a number
- return select(result, x, isNaN);
+ return select(result, select(x, \${type}(1.0), isNaN), isNaN);
large arguments of σ
- clamp(x, \${type}(-80.0), \${type}(20.0))
+ x
## kernel, kernels/backend-webgpu: keep their digits
n times ln 2 is rounded
- fma(first, \${type}(-1.0 / 512.0), x)
+ fma(n, \${type}(-0.693359375), x)
tanh loses digits near 0
- let E = fma(expOfRestMinus1(twice, n), power, power - 1.0);
+ let E = expOf(twice) - 1.0;
## cell, kernels/backend-webgpu: software merged steps.*tutorial
no forget bias
- sigmoid(zf + p.forgetBias)
+ sigmoid(zf)
df with c of its own step
- let dF = dC * cPrev;
+ let dF = dC * c;
dc without the gradient of the next step
- 1.0 - tanhC * tanhC, dcNext)
+ 1.0 - tanhC * tanhC, dcNext * 0.0)
rows beyond the batch
- r < \${rows}u && row + r < p.B; r++) {
-     \${times(4, (g) => \`let z\${GATES[g]} = sums
+ r < \${rows}u; r++) {
+     \${times(4, (g) => \`let z\${GATES[g]} = sums
z of no step is kept
- storesZ: Number(storesZ)
+ storesZ: 0
dh of the step is not kept
- memory[p.dh + at] = dh;
lanes of dz exchanged
- fma(vec4f(dz.\${LANES[lane]}), w\${lane}, dh\${r})
+ fma(vec4f(dz.\${LANES[3 - lane]}), w\${lane}, dh\${r})
## cell, slow/kernels/backend-webgpu: software.*lstmCell
pitch of H in numbers
- pitch: 4 * pitch });
-
- /** Addresses
+ pitch: H });
+
+ /** Addresses
## cell, kernels/backend-webgpu: software merged steps.*projection
h has the pitch of the cell
- hPitch: hPrev.pitch
+ hPitch: h.pitch
## loss, slow/kernels/backend-webgpu: software.*crossEntropy
the largest logit is not subtracted
- + k] - largest);
-     memory[p.probabilities
+ + k]);
+     memory[p.probabilities
masked rows have a gradient
- * sum - label(b, k)) / p.count
+ - label(b, k)) / p.count
labels without pitch
- memory[p.labels + b * p.pitch + k]
+ memory[p.labels + b * p.C + k]
class 0 instead of -1
- memory[p.labels + b] == f32(k)
+ max(memory[p.labels + b], 0.0) == f32(k)
## loss, slow/kernels/backend-webgpu: software.*huber
half of the quadratic part
- r * r / 2.0, abs(r)
+ r * r, abs(r)
## loss, slow/kernels/backend-webgpu: software.*pinball
a gradient of an exact quantile
- 1.0 - q, r > 0.0)
+ 1.0 - q, r >= 0.0)
quantiles exchanged
- select((1.0 - q) * r, -q * r, r < 0.0)
+ select(q * r, (q - 1.0) * r, r < 0.0)
## loss, slow/kernels/backend-webgpu: software.*Error
the mask is left out
- sum += memory[p.mask + row + k] * (
+ sum += (
## matmul, slow/kernels/backend-webgpu: software.*matmul
a bias for each row
- [start.address, 0]
+ [start.address, start.pitch]
columns beyond the edge
- column + \${c}u < N4)\`
+ column + \${c}u <= N4)\`
too few groups
- return Math.ceil(tiles / THREADS);
+ return Math.max(1, Math.floor(tiles / THREADS));
the last k is left out
- for (var k = 0u; k < p.K; k++) {
+ for (var k = 0u; k + 1 < p.K; k++) {
every row of Aᵀ from the first group
- \`g\${Math.floor(r / 4)}.\${LANES[r % 4]}\`
+ \`g0.\${LANES[r % 4]}\`
Bᵀ has the same columns twice
- memory[bAt + bRow\${4 * c + j} + k / 4]
+ memory[bAt + bRow\${j} + k / 4]
## matmul, kernels/backend-webgpu: software merged steps.*tutorial
steps of a and b exchanged
- aStride: wrapped(aStride), bStride: wrapped(bStride)
+ aStride: wrapped(bStride), bStride: wrapped(aStride)
the first block at every step
- let bAt = p.b + s * p.bStride;
+ let bAt = p.b;
## workgroup-tiles, kernels/backend-webgpu: end a row
pads are added
- \`select(vec4f(), \${value}, (vec4u(\${k}) + vec4u(0, 1, 2, 3)) < vec4u(p.K))\`
+ \`select(vec4f(), \${value}, vec4u(\${k}) < vec4u(p.K))\`
## workgroup-tiles, slow/kernels/backend-webgpu: GPUs.*matmul
no barrier before the sums
- \${copyOfB}
-       workgroupBarrier();
+ \${copyOfB}
no barrier after the sums
- s\${r});\`, ' ')} }\`)}
-       }
-       workgroupBarrier();
+ s\${r});\`, ' ')} }\`)}
+       }
only half of the lines
- fast: \`thread % \${width}u\`
+ fast: \`thread % \${width / 2}u\`
## workgroup-tiles, kernels/backend-webgpu: gpu merged steps.*tutorial
the first block at every step
- let aAt = p.a + s * p.aStride;
+ let aAt = p.a;
## workgroup-tiles, slow/kernels/webgpu-tiles: in subgroups.* bits
numbers of another thread of the subgroup
- lane - x + \${index(n)}
+ lane - x + \${index(0)}
## tile-timer, slow/kernels/webgpu-tiles: gives other bits
a tile with other bits is used
- if (found === (expected ??= found)) right.push(tile);
+ right.push(tile);
## tile-timer, slow/kernels/webgpu-tiles: does not compile
a tile that does not compile is used
- if (!(await this.compiles(tiled))) continue;
## tile-choice, slow/kernels/webgpu-tiles: damaged
any text is a tile
- return this.tilesOf(tiled).find((tile) => tile === known);
+ return known as TileName | undefined;
## tile-choice, slow/kernels/webgpu-tiles: was kept
another product's choice
- const known = this.known.get(name);
+ const known = this.known.get('other');
## cell, slow/kernels/webgpu-tiles: units a thread.* bits
the rows of a tile of another size
- Math.ceil(B / ROWS[tile])
+ Math.ceil(B / 4)
## tiles, slow/kernels/webgpu-tiles: steps of a network
steps are not measured
-   isStep(tiled) ? 4 * tiled.B * tiled.H ** 2 :
+   isStep(tiled) ? 0 :
## plan, slow/kernels/webgpu-tiles: was kept
a list keeps its first tile
- this.compiled(tiled(encoded.tiled))
+ this.compiled(encoded.tiled)
## pointwise, slow/kernels/backend-webgpu: software.*adam
β of the other moment
- fma(g - memory[places.y + n], vec4f(\${1 - BETA1})
+ fma(g - memory[places.y + n], vec4f(\${1 - BETA2})
## pointwise, kernels/backend-webgpu: more parameters
ε inside the root
- (sqrt(square) + \${EPSILON})
+ sqrt(square + \${EPSILON})
a second launch begins again
- updates.slice(first, first + MOST_UPDATES)
+ updates.slice(0, MOST_UPDATES)
## pointwise, slow/kernels/webgpu-lists: software.* list in which nothing differs$
the update before
- group >= p.list[2 * one + 3].x
+ group > p.list[2 * one + 3].x
## pointwise, slow/kernels/backend-webgpu: software.*sgd
the velocity is not kept
- memory[p.v + n] = velocity;
## pointwise, slow/kernels/backend-webgpu: software.*(fill|copy|add)
as many groups as numbers allow
- Math.ceil(count / THREADS);
+ Math.max(1, Math.floor(count / THREADS));
## rows, kernels/backend-webgpu: software merged steps.*tutorial
sums begin at 0
- if (p.accumulate != 0) { sum
+ if (p.accumulate == 9) { sum
the first block at every step
- let row = p.a + s * p.stride + index;
+ let row = p.a + index;
## rows, kernels/backend-webgpu: software merged steps.*classes
indices of the first step
- p.indices + (m / p.perStep) * p.pitch + m % p.perStep
+ p.indices + m % p.perStep
equal classes overwrite
- p.N4 + index] += memory[row]; // (15′)
+ p.N4 + index] = memory[row]; // (15′)
no bias with classes
- + n] + memory[p.bias + n]; // (15)
+ + n]; // (15)
## rows, kernels/backend-webgpu: gpu merged steps.*classes
each row from all classes
- if (indexOf(s * p.M + m) == k) {
+ if (indexOf(s * p.M + m) >= k) {
## kernel, kernels/backend-webgpu: software merged steps.*tutorial
the list begins after the names
- 4 * Math.ceil((whole.length + real.length) / 4)
+ whole.length + real.length
## kernel, kernels/backend-webgpu: more workgroups
one row of workgroups
- const rows = Math.ceil(groups / WIDEST);
+ const rows = 1;
the second row of workgroups again
- let group = workgroup.y * grid.x + workgroup.x;
+ let group = workgroup.x;
## allocations, kernels/backend-webgpu: software merged steps.*tutorial
pads are not skipped
- padded.set(values.subarray(m * columns, (m + 1) * columns), 4 * m * pitch)
+ padded.set(values.subarray(m * columns, (m + 1) * columns), m * columns)
a view begins at the tensor
- address: address + from * pitch
+ address
## allocations, slow/kernels/backend-webgpu: software.*(embedding|crossEntropy|class)
indices begin at the row
- first: 4 * place.address + column
+ first: 4 * place.address
## allocations, kernels/webgpu-memory: networks that are disposed of
a freed tensor keeps its memory
- this.memory.release(tensor.address);
## ../held-tensors, kernels/backend-webgpu: whole rows
s: parts of a row
- const aligned = offset % columns === 0;
+ const aligned = true;
## heap, kernels/webgpu-device: adapter allows
grows as if nothing were free
- this.end + size - this.freeAtEnd
+ this.end + size
## heap, kernels/webgpu-memory: heap
the rest of a free part is lost
- found > size ?
+ found > 2 * size ?
the rest begins too early
- address: address + size, size: found - size
+ address: address + size - 1, size: found - size + 1
neighbours are not joined
- last && last.address + last.size === next.address
+ last && last.address + last.size === -1
## memory, kernels/webgpu-memory: new ones are zeros
freed numbers stay
- if (address < end) {
+ if (address > end) {
## memory, kernels/webgpu-memory: memory grows
numbers are lost when it grows
- encoder.copyBufferToBuffer(this.buffer, 0, larger, 0, before);
## memory, kernels/webgpu-memory: after the memory has grown
replays use the old buffer
- this.generation++;
## memory, kernels/webgpu-memory: staging
numbers wait for one another
- unused.push(target);
## memory, kernels/webgpu-memory: share room
scratch of any size
- one.size >= size
+ one.size > 0
## plan, kernels/backend-webgpu: numbers are data
every kernel is the first one
- this.made.get(kernel.name)
+ [...this.made.values()].at(0)
numbers of the first run
- if (Object.is(this.reals[word], value)) continue;
+ continue;
numbers of the first call
- numbers[datum.call][datum.index]
+ numbers[0][datum.index]
## plan, slow/kernels/backend-webgpu: software.*Error
kernels by their number of parameters
- this.made.get(kernel.name)
+ [...this.made].find(([name]) => name.length === kernel.name.length)?.[1]
## plan, kernels/backend-webgpu: software merged steps.*tutorial
parameters of the first launch
- offset: [n * PARAMETER_BYTES]
+ offset: [0]
the pipeline before
- if (pipeline !== last) pass
+ if (!last) pass
## calls, slow/kernels/backend-webgpu: software.*matmul
a bias is added to what out holds
- if (option === 'bias') return places[3];
## calls, slow/kernels/webgpu-lists: software.* list in which each step has a z of one tensor$
any step of a tensor is the same
- one.address === other.address &&
-
## calls, slow/kernels/webgpu-lists: software.* list in which steps leave others out$
blocks with gaps
- Math.abs(stride) === rows * pitch
+ true
## calls, kernels/backend-webgpu: software merged steps.*tutorial
joined from the first step
- ...(first.address < last.address ? first : last),
+ ...first,
## calls, slow/kernels/webgpu-lists: software.* list in which two sums are one$
operands may overlap
- one.address < endOf(other) && other.address < endOf(one)
+ false
## calls, slow/kernels/webgpu-lists: software.* list in which nothing differs$
steps of a tensor are one view
- one.data !== other.data || one.offset !== other.offset
+ one.data !== other.data
## calls, kernels/backend-webgpu: in an option
transposes are one view
- if (shape[axis] !== other.shape[axis] || stride[axis] !== other.stride[axis]) return false;
a sum with or without what is there
- call.option !== option ||
## calls, slow/kernels/backend-webgpu: software.*crossEntropy
classes are not found
- crossEntropyBackward: 2,
## queue, kernels/backend-webgpu: then differs
calls before the difference are lost
- this.expected.calls.slice(0, count);
-     this.expected
+ [];
+     this.expected
a shorter list is the expected one
- if (this.expected?.calls.length !== count) this.depart(count);
## queue, kernels/backend-webgpu: keep the order
an upload overtakes calls
- if (calls.some((call) => touches(call, data))) this.submit();
## queue, kernels/webgpu-memory: networks that are disposed of
lists of a freed tensor stay
- this.forget(this.plans.filter(({ calls }) => calls.some((call) => touches(call, data))));
## queue, kernels/webgpu-memory: lists are kept
all lists stay
- if (this.plans.length > MOST_PLANS) this.forget([this.plans[0]]);
## queue, kernels/backend-webgpu: numbers are data
every list is new
- this.plans.find(({ calls }) => isList(calls, this.calls))
+ undefined
## merge, slow/kernels/backend-webgpu: software.*huber
delta and count exchanged
- { delta: number(1), count }
+ { delta: count, count: number(1) }
## merge, slow/kernels/backend-webgpu: software.*sgd
momentum is the rate
- sgd(places, number(0), number(1))
+ sgd(places, number(0), number(0))
## merge, kernels/backend-webgpu: updates of one tensor
two updates of one tensor at once
- areOtherTensors(calls[end].places, places())
+ true
## merge, kernels/backend-webgpu: software merged steps.*tutorial
one update too few
- count: end - n,
+ count: end - n + 1,
## forward-run, slow/kernels/webgpu-lists: software.* list in which a step has another z$
any tensor for z
- isSamePlace(next.cell.places[3], first.cell.places[3]) &&
## forward-run, slow/kernels/webgpu-lists: software.* list in which the inputs are the states of other steps$
inputs that a step overwrites
- areOtherTensors([h, c, gates, z], read)
+ true
## forward-run, slow/kernels/webgpu-lists: software.* list in which a step has one input less$
any number of inputs
- next.inputs.length !== first.inputs.length ||
## forward-run, slow/kernels/webgpu-lists: software.* list in which classes come in reverse$
indices in the order of the steps
- first: (isReverse ? other : one).firstIndex
+ first: one.firstIndex
## forward-run, slow/kernels/webgpu-lists: software.* list in which a step has other weights of the input$
other weights of the input
- isOf(2) &&
-       (input
+ (input
## forward-run, slow/kernels/webgpu-lists: software.* list in which states are the gates of other steps$
inputs of later steps overwrite what a step reads
- areOtherTensors([gates], [hPrev, Wh])
+ true
## forward-run, slow/kernels/webgpu-lists: software.* list in which recurrent weights are the gates of a later step$
inputs of later steps overwrite the weights
- areOtherTensors([gates], [hPrev, Wh])
+ areOtherTensors([gates], [hPrev])
## backward-run, kernels/backend-webgpu: software merged steps.*tutorial
dz of the last step is not left
- copy([dz, dzOf(end)]), // as after the last call
dz in the order of the steps
- address: address + (isReverse ? steps.length - 1 - s : s) * size
+ address: address + s * size
dz of its own step
- dzNext: dzOf(s - 1)
+ dzNext: dzOf(s)
## backward-run, slow/kernels/webgpu-lists: software.* list in which a sum is in what every step reads$
sums in what a step reads
- areOtherTensors(outs, [dz, dc, dcPrev, dh, ...states, Wh]) &&
## backward-run, slow/kernels/webgpu-lists: software.* list in which a step has another sum$
other sums of dWh
- if (role === 'weights') return isOf(0);
+ if (role === 'weights') return true;
## backward-run, slow/kernels/webgpu-lists: software.* list in which dhPrev is not the next dh$
any dh
- if (!isSamePlace(recurrentOf(last).places[0], next.cell.places[3])) return false; // dhPrev is the next dh
## backward-run, slow/kernels/webgpu-lists: software.* list in which a sum reads what the next step changes$
sums that a step changes
- areOtherTensors(read, [dz, dc, dcPrev, dh, ...outs])
+ areOtherTensors(read, outs)
## backward-run, slow/kernels/webgpu-lists: software.* list in which a sum reads another sum$
sums that read one another
- areOtherTensors(read, [dz, dc, dcPrev, dh, ...outs])
+ areOtherTensors(read, [dz, dc, dcPrev, dh])
## backward-run, slow/kernels/webgpu-lists: software.* list in which two sums are one$
sums in one another
- areApart(outs) &&
## backward-run, slow/kernels/webgpu-lists: software.* list in which dx of one input is dx of the step after, of another input$
dx of one input in dx of another
- dxs.every((dx) => isAlone(dx, outs)) &&
## backward-run, slow/kernels/webgpu-lists: software.* list in which a step has a product instead of the sum of the rows$
other calls after the cell
- if (next.roles.join() !== first.roles.join()) return false;
+ if (next.roles.length !== first.roles.length) return false;
## backward-run, slow/kernels/webgpu-lists: software.* list in which two products are added to dhPrev$
two sums of dhPrev
- roles.filter((role) => role === 'dhPrev').length === 1 &&
+ roles.includes('dhPrev') &&
## backend, kernels/backend-webgpu: keep the order
a tensor is freed before its calls
- this.queue.submitIfTouched(data); // the next tensor may get its memory
an upload overtakes calls
- this.queue.submitIfTouched(data);
-     const values
+ const values
## backend, kernels/webgpu-memory: lists are kept
keepPace submits nothing
- this.queue.submit();
-     const before
+ const before
## backend, kernels/webgpu-device: lost device
keepPace waits for nothing
- await before;
## device, kernels/webgpu-device: that never ends
nothing ends what waits
- for (const reject of this.waiting) reject(this.failure);
## device, kernels/webgpu-device: first error
the last error counts
- this.failure ??= error;
+ this.failure = error;
## device, kernels/webgpu-device: lost device
a lost device is no error
- if (!this.isClosing) this.fail(
+ if (this.isClosing) this.fail(
## device, kernels/webgpu-device: no more memory
no memory is any error
- error.constructor.name === 'GPUOutOfMemoryError'
+ false
## device, kernels/webgpu-device: adapter allows
the smaller limit
- Math.min(maxStorageBufferBindingSize, maxBufferSize)
+ Math.max(maxStorageBufferBindingSize, maxBufferSize)
## adapter, kernels/webgpu-device: software adapter
a software adapter is a GPU
- || /llvmpipe|swiftshader|
+ || /swiftshader|
## clipping, kernels/webgpu-clipping: are clipped together
numbers beyond a row count in the norm
- select(vec4f(), g, isColumn)
+ g
sums of a second list overwrite the first
- const place = sums + before;
+ const place = sums;
only the first gradient
- group >= p.list[one + 1].y)
+ group > 1000000u)
half of a sum
- half = \${THREADS / 2}u; half > 0;
+ half = \${THREADS / 4}u; half > 0;
## clipping, slow/kernels/backend-webgpu: software.*clipByNorm
a small norm is scaled up
- if (sqrt(sums.x) > p.limit) {
+ {
squares overflow
- if (isFinite(sums.x)) {
+ if (true) {
## clipping, slow/kernels/backend-webgpu: software.*leaves NaN
NaN is clipped
- select(clamp(g, vec4f(-p.limit), vec4f(p.limit)), g, isNaN)
+ clamp(g, vec4f(-p.limit), vec4f(p.limit))
`;

/** @type {readonly KernelMistake[]} */
export const WEBGPU_MISTAKES = rowsIn(LIST).map(({ heading, id, right, wrong }) => {
  const [, file, test, only] = /^(\S+), (\S+): (.*)$/.exec(heading) ?? [];
  return {
    id: `webgpu ${file}: ${id}`,
    equation: 'webgpu',
    file: file === 'heap' ? 'kernels/heap.ts' : `kernels/webgpu/${file}.ts`, // the wasm backend uses the heap too
    right,
    wrong,
    test,
    only,
  };
});
