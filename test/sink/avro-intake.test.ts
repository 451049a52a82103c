import { expect, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import { silentLog } from '../../src/ops/log.ts'
import type { ReadAvro } from '../../src/sink/read-avro.ts'
import { runUntil } from '../support/fake-clock.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { accepted, committed, feed, letters, optionsFor, setUp, startWith, type Setting } from '../support/sink.ts'

// As Avro it is a zero byte before the JSON.
const inAvro = (messageId: string, user: string): Buffer =>
  Buffer.from(`\0${JSON.stringify({ type: 'track', messageId, userId: user, event: 'e', receivedAt: 'r' })}`)

function append({ broker }: Setting, partition: number, values: readonly Buffer[]): void {
  broker.append(values.map((value) => ({ topic: 'main', partition, value })))
}

const start = ({ broker, clock, ...setting }: Setting, avro?: ReadAvro) =>
  startWith(
    { broker, clock, log: silentLog, random: seededRandom(3), ...(avro && { avro }) },
    optionsFor({ broker, clock, ...setting }),
  )

const readable: ReadAvro = {
  ensure: () => undefined,
  payload: (value) =>
    value.length > 1
      ? { ok: true, payload: value.subarray(1) }
      : { ok: false, reason: 'cannot be read as Avro: it ends' },
}

test('messages in Avro and JSON on one topic are sent in order; what cannot be read is a dead letter, its bytes kept', async () => {
  const setting = await setUp()
  append(setting, 0, [inAvro('a', 'user0'), Buffer.from([0])])
  feed(setting, 0, [2, 3])
  append(setting, 0, [inAvro('b', 'user0')])
  await start(setting, readable)
  await runUntil(setting.clock, () => committed(setting)[0] === 4)
  expect(accepted(setting, 0)).toEqual(['a', 'p0-2', 'b'])
  expect(letters(setting).map(({ reason, message, value }) => [reason, message, value])).toEqual([
    ['unreadable', 'the value cannot be read as Avro: it ends', '\0'],
  ])
})

test('without a registry a value in Avro is a dead letter that says what is missing', async () => {
  const setting = await setUp()
  append(setting, 0, [inAvro('a', 'user0')])
  await start(setting)
  await runUntil(setting.clock, () => committed(setting)[0] === 1)
  expect(letters(setting).map(({ message }) => message)).toEqual([
    'the value looks like Avro (it begins with a zero byte), and no schemaRegistry says how to read it',
  ])
})

test('a registry that is down holds up the partition that needs it, and nothing is lost', async () => {
  const setting = await setUp()
  let isDown = true
  const down = new TrackbridgeError('TB_REGISTRY_UNAVAILABLE', 'the schema registry is down')
  append(setting, 0, [inAvro('a', 'user0')])
  feed(setting, 1, [0, 3])
  await start(setting, {
    ...readable,
    ensure: (records) => (isDown && records.some(({ value }) => value?.[0] === 0) ? Promise.reject(down) : undefined),
  })
  await runUntil(setting.clock, () => committed(setting)[1] === 3)
  expect([accepted(setting, 0), letters(setting)]).toEqual([[], []])
  isDown = false
  await runUntil(setting.clock, () => committed(setting)[0] === 1)
  expect([accepted(setting, 0), letters(setting)]).toEqual([['a'], []])
})
