import { expect, test } from 'vitest'
import { createGroupProgress } from '../../../src/cli/run/group-progress.ts'
import { meteredBroker, transactionCounter } from '../../../src/cli/run/metered-broker.ts'
import type { Broker, CommitResult, ConsumeHandlers, OutRecord } from '../../../src/kafka/broker.ts'
import { createMeterStore } from '../../../src/ops/meter-store.ts'
import type { SpanOptions, Tracing } from '../../../src/ops/tracing.ts'
import { createFakeClock } from '../../support/fake-clock.ts'

const group = 'tb.process'
const source = { topic: 'raw', partition: 2 }
const member = { assignment: 1, memberId: 'm', generation: 1 }
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

const record = (timestamp: number, headers: OutRecord['headers'] = {}): OutRecord => ({
  topic: 'main',
  partition: 0,
  key: null,
  value: '',
  timestamp,
  headers,
})

const failed: CommitResult = { ok: false, outcome: 'aborted', reason: 'too-large', error: new Error('no') }

async function setUp(result: CommitResult, isOn = false) {
  const spans: { readonly name: string; readonly attributes: object; readonly causes: readonly string[] }[] = []
  const tracing: Tracing = {
    isOn,
    span<T>({ name, attributes, causes }: SpanOptions<T>, work: (own: undefined) => Promise<T>) {
      spans.push({ name, attributes, causes: causes() })
      return work(undefined)
    },
  }
  let handlers: ConsumeHandlers | undefined
  const broker = {
    consume: async (_options: unknown, given: ConsumeHandlers) => {
      handlers = given
      return { commit: async () => undefined }
    },
    session: () => ({ commit: async () => result }),
  } as unknown as Broker
  const [meter, progress, clock] = [createMeterStore(), createGroupProgress(), createFakeClock(5_000)]
  const metered = meteredBroker(broker, { clock, meter, progress, tracing })
  const assignments: unknown[] = []
  const consumer = await metered.consume({ group } as Parameters<Broker['consume']>[0], {
    onBatch: async () => undefined,
    onAssignment: (partitions) => void assignments.push(partitions),
  })
  handlers?.onAssignment([source])
  const session = metered.session({ group, source } as Parameters<Broker['session']>[0])
  return { meter, progress, session, consumer, assignments, spans }
}

const positionOf = ({ progress }: Awaited<ReturnType<typeof setUp>>) => progress.reports()[0]?.partitions[0]?.position

test('a unit that is committed moves the position, and each of its records counts with its age', async () => {
  const setting = await setUp({ ok: true })
  await setting.session.commit({ records: [record(1_000), record(2_000), record(3_000)], next: 9, member })
  const [sample] = setting.meter.snapshot().trackbridge_raw_to_topic_seconds ?? []
  expect([positionOf(setting), sample?.sum, setting.assignments]).toEqual([9, 9, [[source]]])
  expect(setting.meter.snapshot().trackbridge_rebalances_total).toEqual([{ labels: { group }, value: 1 }])
})

test('a unit that is not committed moves nothing', async () => {
  const setting = await setUp(failed)
  expect(await setting.session.commit({ records: [record(1_000)], next: 9, member })).toBe(failed)
  expect([positionOf(setting), setting.meter.snapshot().trackbridge_raw_to_topic_seconds]).toEqual([null, undefined])
})

test('offsets that a consumer commits are positions too', async () => {
  const setting = await setUp({ ok: true })
  await setting.consumer.commit([{ ...source, next: 4 }])
  expect(positionOf(setting)).toBe(4)
})

test('with traces on there is one span for a chunk, with the trace contexts of its raw records', async () => {
  const setting = await setUp({ ok: true }, true)
  await setting.session.commit({ records: [record(1, { traceparent }), record(2)], next: 9, member })
  const attributes = { group, ...source, records: 2 }
  expect(setting.spans).toEqual([{ name: 'trackbridge chunk', attributes, causes: [traceparent] }])
})

test.each([
  [{ ok: true }, 'committed'],
  [failed, 'too_large'],
  [{ ...failed, outcome: 'unknown', reason: 'transient' }, 'unknown'],
  [{ ...failed, reason: 'fenced' }, 'fenced'],
] as [CommitResult, string][])('a transaction that ended as %j counts as %s', (result, name) => {
  const meter = createMeterStore()
  transactionCounter(meter)({ result, tookMs: 2_000 })
  const { trackbridge_transactions_total: ended, trackbridge_transaction_seconds: took } = meter.snapshot()
  expect([ended, took?.[0]?.sum]).toEqual([[{ labels: { result: name }, value: 1 }], 2])
})
