// All of an input -> all of the output of `trackbridge translate`, in order. The first blocks are translated here; the
// rest by worker threads, which a small input never starts. Memory: two blocks a thread, and their output, at most, for
// no block is read before there is room for it, and room is made by what stdout has taken.
import type { Clock } from '../../clock.ts'
import { createBlockCutter, type Block, type BlockCutter, type TooLongLine } from './blocks.ts'
import { createTally, type Tally, type TallyCounter } from './tally.ts'
import { translateBlock, type TranslatedBlock } from './translate-block.ts'
import { printTooLongLine, type LineSettings } from './translate-line.ts'
import { openTranslatePool, type PoolOptions, type TranslatePool } from './translate-pool.ts'

export interface StreamWork {
  readonly chunks: AsyncIterable<Buffer>
  readonly settings: LineSettings
  /** 1: no worker threads. */
  readonly threads: number
  /** Resolves when more may be written. */
  readonly write: (bytes: Uint8Array) => Promise<void>
  /** Told after each chunk: the lines written, and the bytes read, so far. */
  readonly onRead: (lines: number, readBytes: number) => void
  readonly clock: Clock
  /** Ends the worker threads at once. */
  readonly signal: AbortSignal
}

export interface StreamOptions {
  /** Default 256 KB. */
  readonly blockBytes?: number
  /** So much is translated before worker threads start, which takes as long as to translate some MB. Default 1 MB. */
  readonly soloBytes?: number
  readonly openPool?: (options: PoolOptions) => TranslatePool
}

const blocksAThread = 2
const lineEnd = Buffer.from('\n')
// Calls that come slowly are answered after this pause, without waiting for a block to be full.
const pauseMs = 50

/** Resolves with the sums. Fails as `chunks` does, after the output of all whole lines before; with TB_BUG where a worker
 *  thread fails, after the output of the blocks before the one it had. */
export async function translateStream(work: StreamWork, options: StreamOptions = {}): Promise<Tally> {
  const { blockBytes = 262_144, soloBytes = 1_048_576, openPool = openTranslatePool } = options
  const tally = createTally()
  const cutter = createBlockCutter({ blockBytes })
  const queue = createOrderedQueue(work.threads * blocksAThread)
  const print = createPrinter(work, tally)
  let soloBytesLeft = soloBytes
  let pool: TranslatePool | undefined
  const onAbort = (): void => void pool?.close()

  async function take(block: Block | TooLongLine): Promise<void> {
    if ('tooLongBytes' in block) return queue.add(() => print.tooLong(block))
    if (work.threads === 1 || soloBytesLeft > 0) {
      soloBytesLeft -= block.bytes.length
      return print.here(block)
    }
    await queue.hasRoom()
    work.signal.throwIfAborted()
    pool ??= openPool(work)
    const translated = pool.translate(block)
    // Heard of when its turn comes, which may be after others'.
    translated.catch(() => undefined)
    return queue.add(async () => print.there(await translated))
  }

  work.signal.addEventListener('abort', onAbort, { once: true })
  try {
    for await (const block of blocksOf(work, cutter, tally)) await take(block)
  } finally {
    // Also where the input breaks off: what was read before is written.
    try {
      await queue.drain()
    } finally {
      work.signal.removeEventListener('abort', onAbort)
      await pool?.close()
    }
  }
  return tally.sums()
}

function createPrinter({ settings, write }: StreamWork, tally: TallyCounter) {
  return {
    async tooLong({ number, tooLongBytes }: TooLongLine): Promise<void> {
      const printed = printTooLongLine(number, tooLongBytes)
      tally.add(printed)
      await write(Buffer.concat([printed.text, lineEnd]))
    },
    async here(block: Block): Promise<void> {
      for (const bytes of translateBlock(block, settings, tally)) await write(bytes)
    },
    async there({ output, tally: sums }: TranslatedBlock): Promise<void> {
      tally.addSums(sums)
      for (const bytes of output) await write(bytes)
    },
  }
}

/** Steps that run one after the other; at most `limit` are not done. A step after a failed one never runs. */
function createOrderedQueue(limit: number) {
  const steps: Promise<void>[] = []
  let last = Promise.resolve()

  async function hasRoom(): Promise<void> {
    while (steps.length >= limit) {
      await steps[0]
      void steps.shift()
    }
  }

  return {
    hasRoom,
    async add(step: () => Promise<void>): Promise<void> {
      await hasRoom()
      last = last.then(step)
      // The next `hasRoom` or `drain` tells.
      last.catch(() => undefined)
      steps.push(last)
    },
    drain: () => last,
  }
}

/** The input in blocks; what there is of one where the input pauses or breaks off. */
async function* blocksOf(
  { chunks, clock, onRead }: StreamWork,
  cutter: BlockCutter,
  tally: TallyCounter,
): AsyncGenerator<Block | TooLongLine> {
  const iterator = chunks[Symbol.asyncIterator]()
  let readBytes = 0
  try {
    for (let next = iterator.next(); ;) {
      const result = await (cutter.hasLines() ? orPause(next, clock) : next)
      if (result?.done === true) break
      if (result === undefined) yield* cutter.flush()
      else {
        yield* cutter.push(result.value)
        readBytes += result.value.length
        onRead(tally.sums().lines, readBytes)
        next = iterator.next()
      }
    }
  } catch (error) {
    yield* cutter.flush()
    throw error
  }
  yield* cutter.end()
}

async function orPause<T>(next: Promise<T>, clock: Clock): Promise<T | undefined> {
  const answered = new AbortController()
  try {
    return await Promise.race([next, clock.sleep(pauseMs, answered.signal).then(() => undefined)])
  } finally {
    answered.abort()
  }
}
