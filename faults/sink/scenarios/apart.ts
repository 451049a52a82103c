// Two destinations in one process. One is stuck: the other goes on, and the stuck one has everything in the end.
import { systemClock } from '../../../src/clock.ts'
import { createWriter, type Writer } from '../../writer.ts'
import { oftenEnough } from '../../strike.ts'
import type { ApiFault } from '../api-faults.ts'
import { apiKey, startFaultyApi, type FaultyApi } from '../faulty-api.ts'
import { messages } from '../messages.ts'
import type { Scenario, Stage } from '../scenario.ts'

const forms: readonly { readonly name: string; readonly fault: ApiFault }[] = [
  { name: 'the other API never answers', fault: { kind: 'silent' } },
  { name: 'the other API answers 503', fault: { kind: 'status', status: 503 } },
  { name: 'the other API answers 401', fault: { kind: 'status', status: 401 } },
]
const unhindered = 'no fault'

interface Other {
  readonly stage: Stage
  readonly api: FaultyApi
  readonly writer: Writer
  fed: number
}

/** One stuck, the other not. */
export const apart: Scenario = {
  name: 'apart',
  promise: 'a destination that is stuck holds up no other one, and has everything when it goes on',
  brokers: 1,
  usual: { rounds: 3, records: 24_000 },
  short: { rounds: 1, records: 2_000 },
  async run(stage) {
    const topic = `${stage.topics.destination}.other`
    const admin = stage.kafka.admin()
    await admin.connect()
    await admin.createTopics({ topics: [{ topic, numPartitions: stage.topics.partitions }], waitForLeaders: false })
    const other: Other = { stage, api: await startFaultyApi(), writer: createWriter(stage.kafka, topic), fed: 0 }
    const sink = { url: other.api.url, apiKey, limits: stage.limits }
    try {
      await strikeOther(other, [{ name: 'other', topic, sink }])
    } finally {
      await Promise.all([other.api.close(), other.writer.close()])
      await admin.deleteTopics({ topics: [topic] }).catch(() => undefined)
      await admin.disconnect()
    }
  },
}

async function strikeOther(other: Other, others: readonly object[]): Promise<void> {
  const { stage, api } = other
  const portion = Math.ceil(stage.size.records / (stage.size.rounds + 1))
  const leg = stage.start({ config: stage.destinations({ others }) })
  await stage.untilOwned([leg])
  stage.under(unhindered)
  await feedOther(other, portion)
  await tellSpeed(stage, unhindered, portion)
  await stage.until('the other one has everything', () => api.accepted.messages.size === other.fed)
  for (const { name, fault } of oftenEnough(forms, stage.size.rounds)) {
    stage.under(name)
    api.strike(fault)
    await feedOther(other, portion)
    await stage.until('the other one is stuck', () => api.struck() > 0)
    const had = api.accepted.messages.size
    stage.struck(name)
    await tellSpeed(stage, name, portion)
    await stage.untilAllDone()
    if (api.accepted.messages.size > had) stage.complain(`${name}: it was not stuck`)
    api.strike(undefined)
    await stage.until('the other one has everything', () => api.accepted.messages.size === other.fed)
  }
  // Whoever counts the first destination counts only that; this one has its own end.
  leg.send('SIGTERM')
  await stage.until('the leg ends', () => leg.isOver())
}

async function feedOther(other: Other, count: number): Promise<void> {
  const { random, topics } = other.stage
  const { partitions } = topics
  const options = { count, partitions, from: other.fed, random, timestamp: systemClock.now() }
  await other.writer.write(other.stage.formed(messages(options)))
  other.fed += count
}

async function tellSpeed(stage: Stage, name: string, portion: number): Promise<void> {
  const { accepted } = stage.api
  const sinceMs = systemClock.now()
  const goal = accepted.messages.size + portion
  await stage.feed(portion)
  await stage.until(`${name}: the first destination has everything`, () => accepted.messages.size >= goal)
  const seconds = (systemClock.now() - sinceMs) / 1_000
  stage.note(`${name}: ${Math.round(portion / seconds)} messages/s`)
}
