import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { startStandInApi, type StandInApi, type StandInFaults } from '../../src/demo/stand-in-api.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { produceRaw, readCommitted } from '../support/kafka.ts'
import { createPipeline, watchOffsets } from '../support/pipeline.ts'
import { startTrackbridge } from '../support/trackbridge-process.ts'
import { until } from '../support/until.ts'

const partitions = 3
const people = 30
const count = 900
const refused = 'message-447'
const at = '2026-11-21T10:00:00.000Z'

interface Sent {
  readonly partition: number
  readonly user: string
  readonly messageId: string
  readonly value: string
}

// Each person on one partition; neighbours on a partition are of different people.
const messages: readonly Sent[] = Array.from({ length: count }, (_, number) => {
  const [user, messageId] = [`p${number % people}`, `message-${number}`]
  const message = {
    type: 'track',
    messageId,
    userId: user,
    event: 'viewed',
    properties: { number },
    timestamp: at,
    originalTimestamp: at,
    sentAt: at,
    receivedAt: at,
    context: {},
    integrations: { All: true },
  }
  return { partition: (number % people) % partitions, user, messageId, value: JSON.stringify(message) }
})

async function startApi(faults: StandInFaults): Promise<StandInApi> {
  const api = await startStandInApi({ clock: systemClock, random: seededRandom(11), apiKey: 'key', faults })
  onTestFinished(() => api.close())
  return api
}

/** Messages in the order in which the API took them first, by person. */
function takenByUser({ accepted }: StandInApi): Record<string, string[]> {
  const taken = new Map<string, Set<string>>()
  for (const { user, messageId } of accepted) taken.set(user, (taken.get(user) ?? new Set()).add(messageId))
  return Object.fromEntries([...taken].map(([user, ids]) => [user, [...ids]]))
}

test('through 429, 503 and cut connections everything arrives in order but one refused message, a dead letter that names the answer', async () => {
  const pipeline = await createPipeline(partitions)
  const topic = pipeline.topics.destinations[0]!
  await produceRaw(
    topic,
    messages.map(({ partition, user, value }) => ({ partition, key: user, value, headers: { 'tb-type': 'track' } })),
  )
  // Not simply what was produced: kafkajs's plain producer may write a record twice.
  const stood = await readCommitted(topic, { until: count })
  const api = await startApi({
    tooManyRequestsShare: 0.15,
    unavailableShare: 0.15,
    resetShare: 0.15,
    rejectMessageIds: [refused],
  })
  const limits = { maxBatchMessages: 20, lingerMs: 10 }
  const sink = startTrackbridge(['sink'], {
    ...pipeline.config,
    destinations: [{ name: 'main', topic, sink: { url: api.url, apiKey: 'key', limits } }],
  })
  const offsets = await watchOffsets(pipeline, { group: `${pipeline.prefix}.sink.main`, topic })
  await until(async () => sink.isOver() || (await offsets.done()) === stood.length, {
    timeoutMs: 110_000,
    describe: () => `all committed; the API: ${JSON.stringify(api.counters())}; last lines:\n${sink.tail()}`,
  })
  sink.send('SIGTERM')
  expect(await sink.ended, sink.tail()).toEqual({ code: 0, signal: null })

  const { answers, resets } = api.counters()
  expect([answers[429]! > 0, answers[503]! > 0, answers[400]! > 0, resets > 0]).toEqual([true, true, true, true])
  const wanted = messages.filter(({ messageId }) => messageId !== refused)
  const byUser = Map.groupBy(wanted, ({ user }) => user)
  expect(takenByUser(api)).toEqual(
    Object.fromEntries([...byUser].map(([user, all]) => [user, all.map(({ messageId }) => messageId)])),
  )

  const letters = await readCommitted(pipeline.topics.deadLetters)
  const bad = stood.filter(({ value }) => value?.includes(`"${refused}"`))
  expect(letters.map(({ key, partition, headers }) => ({ key, partition, headers }))).toEqual(
    bad.map(({ key, partition, offset }) => ({
      key,
      partition,
      headers: { 'tb-src': `${topic}:${partition}:${offset}` },
    })),
  )
  expect(letters.map(({ value }) => JSON.parse(value ?? '') as unknown)).toEqual(
    bad.map(({ key, partition, offset, timestamp, value }) => ({
      reason: 'rejected',
      message: 'the API refuses this track message with status 400',
      stage: 'sink',
      source: { topic, partition, offset, timestamp: new Date(timestamp).toISOString() },
      destination: 'main',
      attempt: expect.any(Number) as number,
      answer: { status: 400, body: `{"meta":{"errors":["batch[0]: message ${refused} is refused"]}}` },
      key,
      keyEncoding: 'utf8',
      value,
      valueEncoding: 'utf8',
      headers: [['tb-type', 'track', 'utf8']],
      failedAt: expect.any(String) as string,
    })),
  )
})
