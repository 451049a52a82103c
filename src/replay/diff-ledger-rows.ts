// Rows of 25 bytes each, in memory that grows by pieces and is never copied: offset (8), hash of a messageId (8), hash of
// a message (8), state and type (1). Rows stand in the order of their offsets.
import { hash } from 'node:crypto'

const chunkSize = 16_384

interface Chunk {
  readonly offsets: Float64Array
  /** Two words each. */
  readonly ids: Uint32Array
  readonly contents: Uint32Array
  readonly states: Uint8Array
}

/** 64 bits of a hash. */
export type Words = readonly [number, number]

export interface LedgerRows {
  /** Number of the new row. */
  add(offset: number, id: Words, state: number): number
  size(): number
  offset(row: number): number
  state(row: number): number
  setState(row: number, state: number): void
  hasId(row: number, id: Words): boolean
  hasContent(row: number, content: Words): boolean
  setContent(row: number, content: Words): void
  /** The first row whose offset is not below this one; `size` where there is none. */
  firstAt(offset: number): number
}

export function createLedgerRows(): LedgerRows {
  const chunks: Chunk[] = []
  let size = 0
  const chunkOf = (row: number): Chunk => chunks[Math.floor(row / chunkSize)] ?? appended(chunks)
  const offset = (row: number): number => chunkOf(row).offsets[row % chunkSize] ?? 0
  return {
    add(at, id, state) {
      const chunk = chunkOf(size)
      const index = size % chunkSize
      chunk.offsets[index] = at
      chunk.states[index] = state
      chunk.ids.set(id, 2 * index)
      return size++
    },
    size: () => size,
    offset,
    state: (row) => chunkOf(row).states[row % chunkSize] ?? 0,
    setState: (row, state) => void (chunkOf(row).states[row % chunkSize] = state),
    hasId: (row, id) => hasWords(chunkOf(row).ids, row, id),
    hasContent: (row, content) => hasWords(chunkOf(row).contents, row, content),
    setContent: (row, content) => chunkOf(row).contents.set(content, 2 * (row % chunkSize)),
    firstAt(wanted) {
      let [low, high] = [0, size]
      while (low < high) {
        const middle = Math.floor((low + high) / 2)
        if (offset(middle) < wanted) low = middle + 1
        else high = middle
      }
      return low
    },
  }
}

function appended(chunks: Chunk[]): Chunk {
  const chunk = {
    offsets: new Float64Array(chunkSize),
    ids: new Uint32Array(2 * chunkSize),
    contents: new Uint32Array(2 * chunkSize),
    states: new Uint8Array(chunkSize),
  }
  chunks.push(chunk)
  return chunk
}

function hasWords(words: Uint32Array, row: number, [first, second]: Words): boolean {
  const at = 2 * (row % chunkSize)
  return words[at] === first && words[at + 1] === second
}

/** The first 64 bits of its SHA-1. */
export function contentWords(text: string): Words {
  const digest = hash('sha1', text, 'buffer')
  return [digest.readUInt32BE(0), digest.readUInt32BE(4)]
}

/** 64 bits of a short text, at a tenth of the cost: only ids of one raw record are told apart by it. */
export function idWords(text: string): Words {
  let [first, second] = [0xdeadbeef, 0x41c6ce57]
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    first = Math.imul(first ^ unit, 2_654_435_761)
    second = Math.imul(second ^ unit, 1_597_334_677)
  }
  first = Math.imul(first ^ (first >>> 16), 2_246_822_507) ^ Math.imul(second ^ (second >>> 13), 3_266_489_909)
  second = Math.imul(second ^ (second >>> 16), 2_246_822_507) ^ Math.imul(first ^ (first >>> 13), 3_266_489_909)
  return [first >>> 0, second >>> 0]
}
