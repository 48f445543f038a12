/**
 * A tensor on the device: rows of equal length, held as blocks of rows below one another.
 *
 * GPU.js cannot write into a part of a buffer; every kernel makes a new buffer. So a tensor is a list of blocks, each a
 * range of rows of some matrix, and writing rows replaces the blocks there. An operation on step t of a `[T,B,N]` tensor
 * reads and writes the rows t·B … (t+1)·B - 1; an operation on all steps reads all rows. To read rows as one matrix, blocks
 * are joined, or the rows are sliced out of a larger matrix. The result replaces the blocks that it was made from, so it
 * is made once.
 */
import type { Device, Matrix } from './device.js';
import { fillProgram, joinProgram, JOIN_MOST, sliceProgram } from './programs.js';

/** Rows `from … to - 1` of the tensor: rows of a matrix, from its row `first` on, or one number for all elements. */
interface Block {
  readonly from: number;
  readonly to: number;
  readonly content: Matrix | number;
  readonly first: number;
}

export class DeviceRows {
  private blocks: Block[];

  constructor(
    private readonly device: Device,
    readonly rows: number,
    readonly columns: number,
  ) {
    this.blocks = [{ from: 0, to: rows, content: 0, first: 0 }];
  }

  /** Rows `from … to - 1` become `content`: a matrix that has just these rows, or one number. */
  write(from: number, to: number, content: Matrix | number): void {
    const before = this.blocks;
    const above = before.filter((block) => block.from < from).map((block) => cut(block, block.from, from));
    const below = before.filter((block) => block.to > to).map((block) => cut(block, to, block.to));
    this.blocks = [...above, { from, to, content, first: 0 }, ...below];
    this.releaseUnused(before);
  }

  /** A matrix of just the rows `from … to - 1`, valid until these rows are written again. */
  async read(from: number, to: number): Promise<Matrix> {
    const parts: Matrix[] = [];
    const touched = this.blocks.filter((block) => block.from < to && block.to > from);
    for (const block of touched) {
      const part = cut(block, Math.max(from, block.from), Math.min(to, block.to));
      const matrix = await this.materialise(part);
      if (matrix !== part.content) this.write(part.from, part.to, matrix);
      parts.push(matrix);
    }
    const whole = await this.join(parts);
    if (parts.length > 1) this.write(from, to, whole);
    return whole;
  }

  clear(): void {
    this.write(0, this.rows, 0);
  }

  private async materialise({ from, to, content, first }: Block): Promise<Matrix> {
    const rows = to - from;
    if (typeof content === 'number') return this.device.run(fillProgram(rows, this.columns), content);
    if (first === 0 && content.rows === rows) return content;
    return this.device.run(sliceProgram(rows, this.columns), content, first);
  }

  /** One matrix from several, seven at a time; the intermediate ones are released. */
  private async join(parts: readonly Matrix[]): Promise<Matrix> {
    let level = parts;
    while (level.length > 1) {
      const next: Matrix[] = [];
      for (let n = 0; n < level.length; n += JOIN_MOST) {
        const group = level.slice(n, n + JOIN_MOST);
        const heights = group.map(({ rows }) => rows);
        next.push(group.length === 1 ? group[0] : await this.device.run(joinProgram(heights, this.columns), ...group));
      }
      for (const matrix of level) if (!parts.includes(matrix) && !next.includes(matrix)) this.device.release(matrix);
      level = next;
    }
    return level[0];
  }

  private releaseUnused(before: readonly Block[]): void {
    const kept = new Set(this.blocks.map(({ content }) => content));
    for (const content of new Set(before.map((block) => block.content))) {
      if (typeof content !== 'number' && !kept.has(content)) this.device.release(content);
    }
  }
}

/** The part `from … to - 1` of a block that holds at least these rows. */
function cut(block: Block, from: number, to: number): Block {
  const start = Math.max(from, block.from);
  return { from: start, to: Math.min(to, block.to), content: block.content, first: block.first + start - block.from };
}
