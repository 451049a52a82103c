import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { startStandInApi, type StandInApi } from '../../src/demo/stand-in-api.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { readCommitted, type ReadRecord } from '../support/kafka.ts'
import { createPipeline, preload, verifyPipeline } from '../support/pipeline.ts'
import { startTrackbridge } from '../support/trackbridge-process.ts'
import { until } from '../support/until.ts'
import { expectedOutput, nothingAmiss } from '../support/verify-output.ts'

async function startApi(apiKey: string): Promise<StandInApi> {
  const api = await startStandInApi({ clock: systemClock, random: seededRandom(1), apiKey })
  onTestFinished(() => api.close())
  return api
}

const idsByUser = (all: readonly { readonly user: string; readonly messageId: string }[]): object =>
  Object.fromEntries(
    [...Map.groupBy(all, ({ user }) => user)].map(([user, ids]) => [user, ids.map(({ messageId }) => messageId)]),
  )

const onTopic = (records: readonly ReadRecord[]) =>
  records.map(({ key, headers }) => ({ user: key ?? '', messageId: headers['tb-mid'] ?? '' }))

test('`run` takes raw calls to two destinations: each API gets what is routed to it, once, in order per person', async () => {
  const pipeline = await createPipeline(4, ['main', 'shop'])
  const [main, shop] = pipeline.topics.destinations as [string, string]
  const raw = await preload(pipeline, { count: 2_000, partitions: 4, people: 100 })
  const apis = { main: await startApi('key of main'), shop: await startApi('key of shop') }
  const running = startTrackbridge(['run'], {
    ...pipeline.config,
    destinations: [
      { name: 'main', topic: main, sink: { url: apis.main.url, apiKey: 'key of main' } },
      {
        name: 'shop',
        topic: shop,
        where: { types: ['track'], events: ['left'] },
        integrations: { All: false, Shop: true },
        sink: { url: apis.shop.url, apiKey: 'key of shop' },
      },
    ],
  })
  const routed = { ...pipeline.topics, destinations: [main] }
  const messages = [...expectedOutput(raw, routed).keys()].filter((place) => place.startsWith(`${main} `)).length
  const left = raw.filter(({ value }) => value?.includes('"name":"left"')).length
  await until(
    () => running.isOver() || (apis.main.counters().accepted >= messages && apis.shop.counters().accepted >= left),
    { timeoutMs: 60_000, describe: () => `${messages} and ${left} messages; last lines:\n${running.tail()}` },
  )
  running.send('SIGTERM')
  expect(await running.ended, running.tail()).toEqual({ code: 0, signal: null })

  expect(await verifyPipeline({ ...pipeline, topics: routed }, raw)).toEqual(nothingAmiss)
  const [mainRecords, shopRecords] = [await readCommitted(main), await readCommitted(shop)]
  expect([mainRecords.length > 2_000, shopRecords.length]).toEqual([true, left])
  expect(idsByUser(apis.main.accepted)).toEqual(idsByUser(onTopic(mainRecords)))
  expect(idsByUser(apis.shop.accepted)).toEqual(idsByUser(onTopic(shopRecords)))
  expect(left).toBeGreaterThan(50)
  expect(new Set(apis.shop.accepted.map(({ message }) => JSON.stringify(message['integrations'])))).toEqual(
    new Set(['{"All":false,"Shop":true}']),
  )
})
