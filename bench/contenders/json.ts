// Contender (3): JSON.parse and JSON.stringify of the same calls, no Kafka: the least that any translation on JSON costs.
// Start-up and the making of the calls are left out; the warm-up of the first calls is in.
import { callLines } from '../calls.ts'
import type { Open } from './contender.ts'

const block = 2_000

export const open: Open = async ({ records = 0 }) => {
  let cpuMicroseconds = 0
  let bytes = 0
  for (let from = 0; from < records; from += block) {
    const lines = callLines(from, Math.min(block, records - from))
    const before = process.cpuUsage()
    for (const line of lines) bytes += Buffer.byteLength(JSON.stringify(JSON.parse(line)))
    const { user, system } = process.cpuUsage(before)
    cpuMicroseconds += user + system
  }
  return {
    joined: () => true,
    processed: () => records,
    figures: () => ({ cpuSeconds: cpuMicroseconds / 1e6, bytes }),
    stop: () => Promise.resolve(),
  }
}
