// The entry of a worker thread of `trackbridge translate`: blocks of lines in, their output back, both moved, not copied.
// It ends with translate-pool.ts, which starts it. In: LineSettings as workerData, then one Block a message.
import { parentPort, workerData } from 'node:worker_threads'
import type { Block } from './blocks.ts'
import { createTally } from './tally.ts'
import { translateBlock, type TranslatedBlock } from './translate-block.ts'
import type { LineSettings } from './translate-line.ts'

const settings = workerData as LineSettings

parentPort?.on('message', (block: Block) => {
  const tally = createTally()
  const output = [...translateBlock(block, settings, tally)]
  const answer: TranslatedBlock = { output, tally: tally.sums() }
  parentPort?.postMessage(
    answer,
    output.map(({ buffer }) => buffer),
  )
})
