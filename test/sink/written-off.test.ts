import { expect, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import { createPartitionWorker } from '../../src/sink/partition-worker.ts'
import { createFakeClock, runUntil } from '../support/fake-clock.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { limits, record, status } from '../support/worker.ts'

/** What the log says of a message that the API refuses; `deadLetter` writes it. */
async function linesOf(deadLetter: () => Promise<void>) {
  const { log, lines } = createRecordingLog()
  const clock = createFakeClock(0)
  const worker = createPartitionWorker(
    {
      clock,
      log,
      random: () => 0.5,
      send: async () => status(400, 'the payload of the answer'),
      deadLetter,
      count: () => undefined,
      onState: () => undefined,
      onSettled: () => undefined,
    },
    { topic: 't', partition: 3, destination: 'main', limits },
  )
  worker.push([{ ...record(7), key: Buffer.from('42') }], 8)
  await runUntil(clock, () => lines.length > 0)
  worker.close()
  return lines
}

const place = {
  topic: 't',
  partition: 3,
  offset: 7,
  person: Buffer.from('42'),
  destination: 'main',
  reason: 'rejected',
}

test('a message that becomes a dead letter is told of at debug level: place, person, reason and status, no payload', async () => {
  expect(await linesOf(async () => undefined)).toEqual([
    { level: 'debug', fields: { ...place, status: 400 }, message: 'a message is a dead letter' },
  ])
})

const refuse = () => Promise.reject(new TrackbridgeError('TB_DEAD_LETTER_REFUSED', 'too large'))

test('a dead letter that Kafka refuses is told of as an error, since it holds up its partition', async () => {
  expect(await linesOf(refuse)).toEqual([
    { level: 'error', fields: place, message: 'a dead letter is refused: its partition stops' },
  ])
})
