// How near the translation comes to the least it could cost: JSON in and JSON out of the same lines on one thread, nothing
// between. On one thread, and as the command runs: bytes in, bytes out, with its worker threads. And what the topology of
// `process` does with the same calls as raw records: value bytes in, records for one destination out, values as bytes.
import { createBlockCutter } from '../src/cli/translate/blocks.ts'
import { createTally } from '../src/cli/translate/tally.ts'
import { translateBlock } from '../src/cli/translate/translate-block.ts'
import { openTranslatePool } from '../src/cli/translate/translate-pool.ts'
import { translateStream, type StreamOptions } from '../src/cli/translate/translate-stream.ts'
import { defaultThreads } from '../src/cli/translate/translate.ts'
import { systemClock } from '../src/clock.ts'
import type { ConsumerRecord, TopicPartition } from '../src/kafka/broker.ts'
import { processRecord, type TopologySettings } from '../src/processor/topology.ts'
import { defaultMappingSettings } from '../src/translate/mapping-table.ts'
import { measureAlternating, type BenchOptions, type BenchResult, type Measured } from './measure.ts'
import { trackLines } from './track-traffic.ts'

type Raw = ConsumerRecord & TopicPartition

const rounds = 7
const settings = { topic: 'cio.track.raw', timestampMs: 0, mapping: defaultMappingSettings }
const blockBytes = 262_144

/** `translate` of `calls` lines, default 100,000, beside JSON.parse + JSON.stringify. The main figure is the CPU time;
 *  facts: `cpuOneThread` and `cpuProcessRecord` as multiples of the limit's, `ratioOneThread`, `ratioProcessRecord` and
 *  `ratioAsCommand` (with `threads`) of its rate. "cold" includes the start of the threads. */
export async function benchTranslate({ calls = 100_000 }: BenchOptions): Promise<BenchResult> {
  const lines = trackLines(calls)
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
  const records = rawRecords(lines)
  const threads = defaultThreads()
  const pool = openTranslatePool({ threads, settings })
  const warm = { soloBytes: 0, openPool: () => ({ ...pool, close: () => Promise.resolve() }) }
  const rates = await measureAlternating(
    [
      { name: 'JSON.parse + JSON.stringify, one thread', run: () => parsedAndPrinted(lines) },
      { name: 'translate, one thread', run: () => translated(bytes) },
      { name: 'processRecord, one thread', run: () => processed(records) },
      { name: `translate as the command runs, ${threads} threads`, run: () => streamed(bytes, threads, warm) },
      { name: `the same, threads cold`, run: () => streamed(bytes, threads) },
    ],
    calls,
    rounds,
  )
  await pool.close()
  const bytesALine = Math.round(bytes.length / calls) - 1
  return { facts: { calls, bytesALine, rounds, threads, ...ratiosOf(rates) }, rates }
}

function ratiosOf(rates: readonly Measured[]) {
  const [limit = 0, one = 0, record = 0, many = 0] = rates.map(({ perSecond }) => perSecond)
  const [limitCpu = 0, oneCpu = 0, recordCpu = 0] = rates.map((rate) => rate.cpuSecondsPerMillion)
  return {
    cpuOneThread: ratio(oneCpu, limitCpu),
    cpuProcessRecord: ratio(recordCpu, limitCpu),
    ratioOneThread: ratio(one, limit),
    ratioProcessRecord: ratio(record, limit),
    ratioAsCommand: ratio(many, limit),
  }
}

const ratio = (ours: number, limit: number): number => Number((ours / limit).toFixed(3))

function parsedAndPrinted(lines: readonly string[]): number {
  let sum = 0
  // Bytes, not characters: what is printed must be bytes in the end.
  for (const line of lines) sum += Buffer.byteLength(JSON.stringify(JSON.parse(line)))
  return sum
}

function translated(bytes: Buffer): number {
  const cutter = createBlockCutter({ blockBytes })
  const tally = createTally()
  let sum = 0
  for (const block of [...cutter.push(bytes), ...cutter.end()]) {
    if ('tooLongBytes' in block) throw new Error(`line ${block.number} is too long`)
    for (const { length } of translateBlock(block, settings, tally)) sum += length
  }
  return sum
}

const topology: TopologySettings = {
  routes: [{ name: 'main', topic: 'cio.pipelines', where: { excludeEmailOnly: false }, integrations: { All: true } }],
  mapping: defaultMappingSettings,
  deadLetterTopic: 'cio.dead-letters',
  unsupportedTopic: 'cio.unsupported',
  partitionOf: (_topic, _key, rawPartition) => rawPartition,
}

const rawRecords = (lines: readonly string[]): Raw[] =>
  lines.map((line, offset) => ({
    topic: 'cio.track.raw',
    partition: 0,
    offset,
    timestamp: 0,
    key: Buffer.from('42'),
    value: Buffer.from(line),
    headers: [],
  }))

function processed(records: readonly Raw[]): number {
  let sum = 0
  for (const record of records)
    // As bytes: messages are that already, and a text put together of pieces costs nothing until somebody wants them.
    for (const { value } of processRecord(record, topology).records)
      sum += typeof value === 'string' ? Buffer.from(value).length : (value?.length ?? 0)
  return sum
}

async function streamed(bytes: Buffer, threads: number, options: StreamOptions = {}): Promise<number> {
  let sum = 0
  await translateStream(
    {
      chunks: chunksOf(bytes),
      settings,
      threads,
      write: async ({ length }) => {
        sum += length
      },
      onRead: () => undefined,
      clock: systemClock,
      signal: new AbortController().signal,
    },
    options,
  )
  return sum
}

async function* chunksOf(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += blockBytes) yield bytes.subarray(at, at + blockBytes)
}
