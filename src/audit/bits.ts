// Bits by number, as many as are set: 8 kB at a time, so that a hundred million of them take 12 MB and growing copies nothing.

export interface Bits {
  set(at: number): void
  has(at: number): boolean
}

const chunkShift = 16
const chunkBytes = 2 ** chunkShift / 8

/** None is set. Numbers from 0 to 2^31 - 1. */
export function createBits(): Bits {
  const chunks: Uint8Array[] = []
  return {
    set(at) {
      const chunk = (chunks[at >>> chunkShift] ??= new Uint8Array(chunkBytes))
      const byte = (at & 0xffff) >>> 3
      chunk[byte] = (chunk[byte] ?? 0) | (1 << (at & 7))
    },
    has: (at) => (((chunks[at >>> chunkShift]?.[(at & 0xffff) >>> 3] ?? 0) >>> (at & 7)) & 1) === 1,
  }
}
