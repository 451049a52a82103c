// Phase two of the demo: three calls, one at a time, and what each of them becomes. In: the stage. Out: text.
import { randomBytes } from 'node:crypto'
import { examples, type Example } from './examples.ts'
import { feedOne } from './feed.ts'
import { becameLines, callLines, type Became } from './show.ts'
import { waitFor, type Stage } from './stage.ts'
import type { ReadRecord } from './topic-reader.ts'

/** Resolves with the number of calls. Rejects with the signal's reason, or when one is not through after a minute. */
export async function showThreeCalls(stage: Stage): Promise<number> {
  const calls = examples(stage.clock.now())
  for (const example of calls) {
    stage.screen.print(['', `   ${example.title}`, ...callLines(example.value)].join('\n'))
    stage.screen.print(becameLines(await follow(stage, example)).join('\n'))
  }
  return calls.length
}

/** Feeds one call and waits for everything that it becomes. */
async function follow(stage: Stage, example: Example): Promise<readonly Became[]> {
  const { clock, reader, topics, api } = stage
  const trace = `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`
  const found: ReadRecord[] = []
  const acceptedAtMs = new Map<ReadRecord, number>()
  const unwatch = reader.watch((record) => {
    if (record.trace === trace && record.topic !== topics.raw) found.push(record)
  })
  const isDelivered = (record: ReadRecord): boolean => {
    if (record.topic !== topics.customerio || acceptedAtMs.has(record)) return true
    if (api.timesAccepted(record.messageId ?? '') > 0) acceptedAtMs.set(record, clock.now())
    return acceptedAtMs.has(record)
  }
  const before = stage.processed()
  const sentAtMs = clock.now()
  try {
    await feedOne(stage, example, trace)
    await waitFor(stage, () => stage.processed().raw > before.raw, 'the processor to take a call')
    const expected = recordsIn(stage.processed().written) - recordsIn(before.written)
    await waitFor(
      stage,
      () => found.map(isDelivered).every(Boolean) && found.length >= expected,
      'the messages of a call to be delivered',
    )
  } finally {
    unwatch()
  }
  const order = Object.values(topics)
  return found
    .toSorted((one, other) => order.indexOf(one.topic) - order.indexOf(other.topic))
    .map((record) => ({ ...record, acceptedAfterMs: since(sentAtMs, acceptedAtMs.get(record)) }))
}

const since = (fromMs: number, toMs: number | undefined) => (toMs === undefined ? undefined : toMs - fromMs)

const recordsIn = (written: Readonly<Record<string, number>>): number =>
  Object.values(written).reduce((sum, count) => sum + count, 0)
