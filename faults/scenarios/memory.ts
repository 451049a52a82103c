// A backlog of many records and of messages up to 1 MB, and one process with the settings it has by default: its resident
// memory stays flat and below a limit. What bounds it is process.maxBytesPerPartition, times the partitions that are
// worked on side by side (process.concurrency): a fetch holds no more, but for single records that are larger.
import { readFileSync } from 'node:fs'
import { systemClock } from '../../src/clock.ts'
import type { Leg, Scenario, Stage } from '../process/scenario.ts'

const limitMb = 350
/** From the second quarter of the work to its last: warming up does not count. */
const growthAllowed = 1.3
const sampleMs = 100
/** Of each round. */
const largePerPartition = 2
const [leastBytes, mostBytes] = [100_000, 980_000] as const
const settings = { chunkRecords: 5_000, maxBytesPerPartition: 262_144, concurrency: 16 }

/** Memory under a backlog. */
export const memory: Scenario = {
  name: 'memory',
  promise: `a backlog with messages up to 1 MB is worked off in less than ${limitMb} MB of resident memory`,
  brokers: 1,
  usual: { rounds: 40, records: 200_000 },
  short: { rounds: 8, records: 16_000 },
  async run(stage) {
    const portion = Math.ceil(stage.size.records / stage.size.rounds)
    for (let round = 0; round < stage.size.rounds; round++) {
      await stage.feed(portion)
      await feedLarge(stage)
    }
    stage.struck('backlog')
    const leg = stage.start({ config: { process: settings } })
    judge(stage, await sampleMemory(stage, leg))
  },
}

/** Events whose data does not compress well, a few on each partition. */
async function feedLarge(stage: Stage): Promise<void> {
  const producer = stage.kafka.producer({ allowAutoTopicCreation: false })
  await producer.connect()
  for (let partition = 0; partition < stage.topics.partitions; partition++) {
    const messages = Array.from({ length: largePerPartition }, (_, index) => {
      const key = `large-${partition}-${index}`
      return { partition, key, value: largeCall(stage, key), timestamp: String(systemClock.now()) }
    })
    for (const message of messages) await producer.send({ topic: stage.topics.raw, messages: [message], acks: -1 })
  }
  await producer.disconnect()
}

function largeCall({ random }: Stage, person: string): string {
  const bytes = leastBytes + Math.floor(random() * (mostBytes - leastBytes))
  const words = Array.from({ length: Math.ceil(bytes / 11) }, () => random().toString(36).slice(2, 12).padEnd(11))
  const body = { name: 'read', data: { text: words.join('').slice(0, bytes) } }
  return JSON.stringify({ method: 'POST', path: `/api/v1/customers/${person}/events`, source: 'web', body })
}

/** Resident memory in MB while the leg works, one sample after the other. */
async function sampleMemory(stage: Stage, leg: Leg): Promise<readonly number[]> {
  const samples: number[] = []
  const isDone = (): boolean => stage.progress.done() >= stage.progress.fed()
  let lastMs = 0
  await stage.until(
    'the backlog is worked off',
    () => {
      if (leg.isOver()) throw new Error(`the leg has ended\n${leg.tail()}`)
      if (systemClock.now() - lastMs < sampleMs) return isDone()
      lastMs = systemClock.now()
      samples.push(residentMb(leg.pid))
      return isDone()
    },
    { timeoutMs: 600_000 },
  )
  return samples
}

function residentMb(pid: number): number {
  const [, kilobytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) / 1_000
}

function judge(stage: Stage, samples: readonly number[]): void {
  const quarter = Math.max(1, Math.floor(samples.length / 4))
  const early = Math.max(...samples.slice(quarter, 2 * quarter))
  const late = Math.max(...samples.slice(-quarter))
  const peak = Math.max(...samples)
  stage.note(`resident memory: peak ${peak.toFixed(0)} MB, second quarter ${early.toFixed(0)}, last ${late.toFixed(0)}`)
  if (!(peak < limitMb))
    stage.complain(`resident memory reached ${peak.toFixed(0)} MB, less than ${limitMb} is promised`)
  if (!(late <= early * growthAllowed))
    stage.complain(`resident memory grows: ${early.toFixed(0)} MB, then ${late.toFixed(0)}`)
}
