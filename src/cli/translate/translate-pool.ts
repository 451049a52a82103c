// The worker threads of `trackbridge translate`. In: blocks of lines, whose buffers move to the thread that has the
// fewest. Out: a promise of each block's output. States: open -> closed; a thread that fails stays failed, for it is a bug.
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { TrackbridgeError } from '../../errors.ts'
import type { Block } from './blocks.ts'
import type { TranslatedBlock } from './translate-block.ts'
import type { LineSettings } from './translate-line.ts'

export interface TranslatePool {
  /** Takes the block's buffer away. Fails with TB_BUG when its thread does; never settles before that. */
  translate(block: Block): Promise<TranslatedBlock>
  /** Ends the threads at once; blocks under way are rejected. May be called twice. */
  close(): Promise<void>
}

export interface PoolOptions {
  readonly threads: number
  readonly settings: LineSettings
  /** What each thread runs. */
  readonly entry?: URL
}

// Compiled, the file beside this one ends in .js.
const workerEntry = new URL(`./translate-worker${extname(import.meta.url)}`, import.meta.url)

/** Starts the threads. Whoever opens a pool closes it. */
export function openTranslatePool({ threads, settings, entry = workerEntry }: PoolOptions): TranslatePool {
  const members = Array.from({ length: threads }, (_, index) =>
    startMember(`worker thread ${index + 1} of ${threads} of translate`, entry, settings),
  )
  return {
    translate(block) {
      const idlest = members.reduce((best, member) => (member.load() < best.load() ? member : best))
      return idlest.translate(block)
    },
    close: async () => void (await Promise.all(members.map((member) => member.close()))),
  }
}

function startMember(name: string, entry: URL, settings: LineSettings) {
  const worker = new Worker(entry, { workerData: settings })
  const waiting: PromiseWithResolvers<TranslatedBlock>[] = []
  let failure: Error | undefined

  function fail(error: Error): void {
    failure ??= error
    for (const one of waiting.splice(0)) one.reject(failure)
  }

  const broken = (what: string, cause?: unknown): void =>
    fail(new TrackbridgeError('TB_BUG', `${name} ${what}`, { cause }))
  worker.on('message', (answer: TranslatedBlock) => waiting.shift()?.resolve(answer))
  worker.on('messageerror', (error) => broken(`gave an unreadable answer: ${error.message}`, error))
  worker.on('error', (error) => broken(`failed: ${error instanceof Error ? error.message : String(error)}`, error))
  worker.on('exit', (code) => broken(`ended with exit code ${code}`))

  return {
    /** Blocks that it has. A failed one has as many as any, so that it does not attract the others' work. */
    load: () => (failure === undefined ? waiting.length : Infinity),
    translate(block: Block): Promise<TranslatedBlock> {
      if (failure !== undefined) return Promise.reject(failure)
      const answer = Promise.withResolvers<TranslatedBlock>()
      waiting.push(answer)
      worker.postMessage(block, [block.bytes.buffer])
      return answer.promise
    },
    async close(): Promise<void> {
      fail(new TrackbridgeError('TB_BUG', `${name} was closed before its work was done`))
      await worker.terminate()
    },
  }
}
