/** Which parts of a range of addresses are in use: first fit; neighbouring free parts are joined. */

interface Part {
  readonly address: number;
  readonly size: number;
}

export class Heap {
  private readonly used = new Map<number, number>();
  /** Sorted by address. */
  private free: Part[] = [];

  /** The range is `begin` … `end` - 1, all of it free; `grow` moves its end up. */
  constructor(
    begin: number,
    private end: number,
  ) {
    if (end > begin) this.free.push({ address: begin, size: end - begin });
  }

  /** The first address after the range. */
  get size(): number {
    return this.end;
  }

  /** The size of the free part with which the range ends; 0 if that is in use. */
  get freeAtEnd(): number {
    const last = this.free.at(-1);
    return last && last.address + last.size === this.end ? last.size : 0;
  }

  /** Reserves `size` and returns its address; undefined if no free part is as large. */
  allocate(size: number): number | undefined {
    const n = this.free.findIndex((part) => part.size >= size);
    if (n < 0) return undefined;
    const { address, size: found } = this.free[n];
    this.free.splice(n, 1, ...(found > size ? [{ address: address + size, size: found - size }] : []));
    this.used.set(address, size);
    return address;
  }

  /** As `allocate`. If no free part is as large, the range grows: `newEnd` gets the least end that leaves room, and returns the new one. */
  reserve(size: number, newEnd: (least: number) => number): number {
    const address = this.allocate(size);
    if (address !== undefined) return address;
    this.grow(newEnd(this.end + size - this.freeAtEnd));
    return this.reserve(size, newEnd);
  }

  /** Returns the size of the part. */
  release(address: number): number {
    const size = this.used.get(address);
    if (size === undefined) throw new Error(`nothing is allocated at ${address}`);
    this.used.delete(address);
    this.add({ address, size });
    return size;
  }

  grow(end: number): void {
    this.add({ address: this.end, size: end - this.end });
    this.end = end;
  }

  private add(part: Part): void {
    const joined: Part[] = [];
    for (const next of [...this.free, part].sort((a, b) => a.address - b.address)) {
      const last = joined.at(-1);
      if (last && last.address + last.size === next.address)
        joined[joined.length - 1] = { address: last.address, size: last.size + next.size };
      else joined.push(next);
    }
    this.free = joined;
  }
}
