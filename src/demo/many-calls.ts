// Phase three of the demo: a few thousand calls of all kinds while the API fails now and then, with counters, until all
// is through or nothing moves any more. In: the stage. Out: text.
import { feedAll } from './feed.ts'
import { sampleCalls } from './sample-calls.ts'
import { drawCounters, faultShares, type Snapshot } from './show.ts'
import type { Stage } from './stage.ts'

const seed = 20_260_101
const leastCallsPerSecond = 1_000
/** However many calls there are, feeding takes about so long, or as long as the machine needs. */
const feedingSeconds = 6
const lookEveryMs = 100
/** When nothing has moved for so long, it is over as things stand. */
const patienceMs = 30_000
/** Control records after the last record may never reach a reader: so much quiet counts as the end of a topic. */
const quietMs = 2_000

/** `before`: calls fed already. Rejects with the signal's reason. */
export async function showManyCalls(
  stage: Stage,
  { count, before }: { readonly count: number; readonly before: number },
): Promise<void> {
  const { clock, live, api } = stage
  const startedAtMs = clock.now()
  let fed = before
  const drawing = () =>
    drawCounters(takeSnapshot(stage, { fed, ofCalls: count + before, elapsedMs: clock.now() - startedAtMs }))
  const over = new AbortController()
  const updating = (async () => {
    while (!over.signal.aborted) {
      live.update(drawing)
      await clock.sleep(lookEveryMs, over.signal)
    }
  })()
  Object.assign(api.faults, faultShares)
  try {
    await feedAll(stage, sampleCalls({ seed, count, startMs: clock.now() }), {
      callsPerSecond: Math.max(leastCallsPerSecond, count / feedingSeconds),
      onFed: (calls) => {
        fed += calls
      },
    })
    await settle(stage, fed)
  } finally {
    over.abort()
    await updating
    Object.assign(api.faults, { tooManyRequestsShare: 0, unavailableShare: 0, resetShare: 0 })
  }
  live.finish(drawing)
}

/** Waits until every call has ended somewhere and the reader has seen it. */
async function settle(stage: Stage, fed: number): Promise<void> {
  const { clock, signal, reader, topics } = stage
  const names = Object.values(topics)
  let state = ''
  let changedAtMs = clock.now()
  for (;;) {
    signal.throwIfAborted()
    const { raw, written } = stage.processed()
    const { delivered, rejected } = stage.delivered()
    const now = JSON.stringify([raw, written, delivered, rejected, names.map((name) => reader.count(name).records)])
    if (now !== state) changedAtMs = clock.now()
    state = now
    const quietForMs = clock.now() - changedAtMs
    const isThrough = raw >= fed && delivered + rejected >= (written[topics.customerio] ?? 0)
    if (isThrough && (quietForMs >= quietMs || (await isAllRead(stage, names)))) return
    if (quietForMs >= patienceMs) return
    await clock.sleep(lookEveryMs, signal)
  }
}

async function isAllRead({ broker, reader }: Stage, names: readonly string[]): Promise<boolean> {
  const admin = await broker.admin()
  try {
    for (const name of names) if (!reader.hasReached(name, await admin.watermarks(name))) return false
    return true
  } finally {
    await admin.close()
  }
}

function takeSnapshot(stage: Stage, run: Pick<Snapshot, 'fed' | 'ofCalls' | 'elapsedMs'>): Snapshot {
  const { api, reader, topics } = stage
  const { accepted, requests, resets, answers } = api.counters()
  const line = (name: string) => ({ name, records: reader.count(name).records })
  return {
    ...run,
    topics: {
      raw: line(topics.raw),
      customerio: line(topics.customerio),
      warehouse: line(topics.warehouse),
      unsupported: line(topics.unsupported),
      deadLetters: line(topics.deadLetters),
    },
    api: { accepted, requests, tooMany: answers[429] ?? 0, unavailable: answers[503] ?? 0, resets },
    retries: stage.delivered().retries,
  }
}
