import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import type { ProcessorEngine } from '../../../src/cli/run/processor-engine.ts'
import { failureOf, openWorkerLink, reportTo } from '../../../src/cli/run/worker-link.ts'
import type { WorkerMessage } from '../../../src/cli/run/worker-messages.ts'
import { TrackbridgeError } from '../../../src/errors.ts'
import { noCounts } from '../../../src/processor/counts.ts'

function openChannel(connected = true) {
  const sent: WorkerMessage[] = []
  const channel = Object.assign(new EventEmitter(), {
    connected,
    send(message: WorkerMessage, onSent: (error: Error | null) => void) {
      sent.push(message)
      onSent(null)
      return true
    },
  })
  return { channel, sent }
}

test('a worker without a parent refuses to begin', () => {
  expect(() => openWorkerLink(new EventEmitter())).toThrow(
    new TrackbridgeError('TB_USAGE', '--worker is for processes that trackbridge starts itself; use --workers'),
  )
})

test.each([
  ['its parent says so', (channel: EventEmitter) => channel.emit('message', { type: 'stop' }), true],
  ['its parent is gone', (channel: EventEmitter) => channel.emit('disconnect'), true],
  ['its parent says anything else', (channel: EventEmitter) => channel.emit('message', { type: 'status' }), false],
])('whether a worker is to end when %s', (_name, happen, isOver) => {
  const { channel } = openChannel()
  const link = openWorkerLink(channel)
  happen(channel)
  expect(link.signal.aborted).toBe(isOver)
})

test('a worker is to end at once when its parent was gone before it began, and says nothing any more', async () => {
  const { channel, sent } = openChannel(false)
  const link = openWorkerLink(channel)
  await link.send({ type: 'failed', code: null, message: 'no' })
  expect([link.signal.aborted, sent]).toEqual([true, []])
})

const topics = (read: number) => ({ raw: { partitions: 2, stuck: 1, raw: read } })

test('an engine that reports sends figures at the start and after its end, and leaves the progress line to the parent', async () => {
  const { channel, sent } = openChannel()
  let raw = 1
  let why: string | undefined = 'waiting'
  const engine: ProcessorEngine = {
    name: 'process',
    ended: Promise.resolve(),
    health: () => new Map([['process', why]]),
    progress: () => ({ raw }),
    status: () => ({
      assigned: [0, 3].map((partition) => ({ topic: 'raw', partition })),
      topics: { raw: { partitions: 2, stuck: 1, raw } },
      stuck: new Map([['raw/3', 'no']]),
      joined: true,
      counts: { ...noCounts, raw },
      positions: new Map(),
    }),
    async stop() {
      raw = 2
      why = undefined
    },
  }
  const reporting = reportTo(openWorkerLink(channel), engine)
  expect(reporting.progress()).toBe(undefined)
  await reporting.stop()
  const status = { type: 'status', partitions: 2, stuck: 1 }
  expect(sent).toEqual([
    { ...status, topics: topics(1), counts: { ...noCounts, raw: 1 }, notReady: 'waiting' },
    { ...status, topics: topics(2), counts: { ...noCounts, raw: 2 }, notReady: null },
  ])
})

test.each([
  ['an error of ours', new TrackbridgeError('TB_KAFKA_FATAL', 'no'), { code: 'TB_KAFKA_FATAL', message: 'no' }],
  ['an error without words', new RangeError(''), { code: null, message: 'RangeError' }],
  ['no error at all', 'text', { code: null, message: 'text' }],
])('%s is told to the parent', (_name, error, told) => {
  expect(failureOf(error)).toEqual({ type: 'failed', ...told })
})
