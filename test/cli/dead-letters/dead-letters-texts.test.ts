import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createProgressLine, progressText } from '../../../src/cli/dead-letters/dead-letters-progress.ts'
import { lastByteMs, retentionText } from '../../../src/cli/dead-letters/dead-letters-retention.ts'
import { createLetterSchemas } from '../../../src/cli/dead-letters/dead-letters-schemas.ts'
import type { Output } from '../../../src/cli/output.ts'
import { TrackbridgeError } from '../../../src/errors.ts'
import { deadLetterEncoder } from '../../../src/schemas/dead-letter-value.ts'
import { ownSchema } from '../../../src/schemas/own-schemas.ts'
import { anyLetter } from '../../support/any-letter.ts'

test.each([
  [{ done: 0, all: 0 }, 1_000, 'x: 100 %   0 offsets/s   0 s left'],
  [{ done: 42_000, all: 100_000 }, 10_000, 'x:  42 %   4,200 offsets/s   14 s left'],
  [{ done: 1_000, all: 100_000 }, 1_000, 'x:   1 %   1,000 offsets/s   1 min 39 s left'],
])('progress of %j after %i ms is: %s', (progress, elapsedMs, text) => {
  expect(progressText('x', progress, elapsedMs)).toBe(text)
})

test('progress is told after a moment, a line every ten seconds where nobody watches', () => {
  const told: string[] = []
  let nowMs = 0
  const output = { errorsAreTerminal: false, writeError: (text: string) => told.push(text) } as unknown as Output
  const line = createProgressLine(output, { now: () => nowMs, sleep: async () => undefined }, 'x')
  for (; nowMs <= 21_000; nowMs += 500) line.onProgress({ done: nowMs, all: 100_000 })
  line.onWaiting('waiting')
  line.onWaiting('waiting')
  line.end()
  expect(told).toEqual([
    'x:  10 %   1,000 offsets/s   1 min 30 s left\n',
    'x:  20 %   1,000 offsets/s   1 min 20 s left\n',
    'waiting\n',
  ])
})

const day = 86_400_000
const settings = { 'retention.ms': String(day), 'segment.ms': String(day), 'message.timestamp.type': 'LogAppendTime' }
const kept = { topic: 'dlq', lastMs: 0, nowMs: 5 * day, settings }

test('the last byte goes with its segment; with CreateTime the record may have come just now', () => {
  expect(lastByteMs(kept)).toBe(2 * day + 360_000)
  expect(lastByteMs({ ...kept, settings: { ...settings, 'message.timestamp.type': 'CreateTime' } })).toBe(
    7 * day + 360_000,
  )
})

const byHand = 'kafka-delete-records.sh takes all of dlq before an offset'
const intro = 'the bytes stay on the topic until Kafka deletes them'

test.each([
  [{}, `${intro}: its settings may not be read (DescribeConfigs; "trackbridge check --acls" prints how to grant it)`],
  [{ ...settings, 'retention.ms': '-1' }, `${intro}, and with retention.ms -1 it never does by time: ${byHand}`],
  [
    { ...settings, 'cleanup.policy': 'compact' },
    `${intro}, and with cleanup.policy compact it never does by time: ${byHand}`,
  ],
])('of a topic with %j: %s', (changed, text) => {
  expect(retentionText({ ...kept, settings: changed })).toEqual([text])
})

const clock = { now: () => 0, sleep: async () => undefined }
const { signal } = new AbortController()
const [letter] = fc.sample(anyLetter, { numRuns: 1, seed: 3 })

test('letters in Avro are read by the schema that the registry has, which is asked for each id once', async () => {
  const asked: number[] = []
  const registry = {
    schemaById: async (id: number) => {
      asked.push(id)
      return id === 9 ? ({ type: 'AVRO', schema: ownSchema('DeadLetter'), parts: [] } as const) : null
    },
  }
  const schemas = createLetterSchemas(registry, clock)
  const values = [9, 9, 8].map((id) => ({ value: deadLetterEncoder(id)(letter!) }))
  await schemas.ensure(values, signal)
  await schemas.ensure([...values, { value: null }, { value: Buffer.from('{}') }], signal)
  expect(asked).toEqual([9, 8])
  expect(values.map(({ value }) => schemas.decode(value, 5))).toEqual([letter, letter, undefined])
})

test('a registry that is away is asked a few times, then it is told', async () => {
  let times = 0
  const away = new TrackbridgeError('TB_REGISTRY_UNAVAILABLE', 'away')
  const registry = {
    schemaById: async () => {
      times++
      throw away
    },
  }
  const schemas = createLetterSchemas(registry, clock)
  await expect(schemas.ensure([{ value: deadLetterEncoder(9)(letter!) }], signal)).rejects.toBe(away)
  expect(times).toBe(4)
})
