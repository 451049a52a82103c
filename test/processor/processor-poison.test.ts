import { describe, expect, test } from 'vitest'
import type { ProcessRecord } from '../../src/processor/poison.ts'
import { processRecord } from '../../src/processor/topology.ts'
import { runUntil } from '../support/fake-clock.ts'
import { mixedCalls } from '../support/mixed-calls.ts'
import { feed, setUp, stopWithin, topics, type Setting } from '../support/processor.ts'
import { nothingAmiss, verifyOutput } from '../support/verify-output.ts'

const timestamp = Date.UTC(2026, 10, 21)
const calls = (count: number) => mixedCalls({ topic: 'raw', count, partitions: 1, people: 12, timestamp })

/** Every so many-th record throws. */
const poisonEvery =
  (step: number): ProcessRecord =>
  (raw, settings) => {
    if (raw.offset % step === 0) throw new TypeError('cannot read properties of undefined')
    return processRecord(raw, settings)
  }

const letters = ({ broker }: Setting, reason: string): number[] =>
  broker
    .stored('dlq')
    .map(({ value }) => JSON.parse(String(value)) as { reason: string; source: { offset: number } })
    .flatMap((letter) => (letter.reason === reason ? [letter.source.offset] : []))

describe('records whose translation throws', () => {
  test('are dead letters, once each; all others come through, and the process goes on', async () => {
    const setting = setUp({ partitions: 1 })
    const raw = calls(200)
    feed(setting, raw)
    const processor = await setting.start({}, { processRecord: poisonEvery(50) })
    await runUntil(setting.clock, () => setting.committed()[0] === 200)
    expect(letters(setting, 'translation_failed')).toEqual([0, 50, 100, 150])
    const { raw: read, poisoned, deadLetters, translated, unsupported, skipped } = processor.status().counts
    expect([read, poisoned, translated + unsupported + deadLetters + skipped]).toEqual([200, 4, 200])
    expect(setting.lines.filter(({ level }) => level === 'error').map(({ message }) => message)).toEqual([
      'translation threw: the record is a dead letter; please report it',
    ])
    const rest = raw.filter(({ offset }) => offset % 50 !== 0)
    const outputs = new Map(
      [...setting.outputs()].map(([topic, records]) => [
        topic,
        records.filter(({ headers }) => Number(headers['tb-src']?.split(':')[2]) % 50 !== 0),
      ]),
    )
    expect(verifyOutput(rest, outputs, topics)).toEqual(nothingAmiss)
  })
})

describe('a deploy that makes dead letters of everything', () => {
  const broken = { processRecord: poisonEvery(1) }

  test('ends the processor before the chunk in which that shows is written', async () => {
    const setting = setUp({ partitions: 1 })
    feed(setting, calls(500))
    const processor = await setting.start(
      { maxDeadLetterShare: 0.5, chunkRecords: 40, maxBytesPerPartition: 1_000_000 },
      broken,
    )
    await expect(processor.ended).rejects.toMatchObject({
      code: 'TB_DEAD_LETTER_SHARE',
      message: expect.stringMatching(
        /^100 of the last 100 raw records \(100 %\) are dead letters; .* translation_failed/,
      ),
    })
    await stopWithin(setting.clock, processor)
    expect(setting.committed()).toEqual({ 0: 80 })
    expect(letters(setting, 'translation_failed')).toEqual(Array.from({ length: 80 }, (_, offset) => offset))
    expect(processor.status().counts.raw).toBe(80)
  })

  test('writes nothing at all when the first chunk holds 100 records', async () => {
    const setting = setUp({ partitions: 1 })
    feed(setting, calls(500))
    const limits = { maxDeadLetterShare: 0.5, chunkRecords: 1_000, maxBytesPerPartition: 1_000_000 }
    const processor = await setting.start(limits, broken)
    await expect(processor.ended).rejects.toMatchObject({ code: 'TB_DEAD_LETTER_SHARE' })
    await stopWithin(setting.clock, processor)
    expect([setting.committed(), setting.broker.stored('dlq')]).toEqual([{}, []])
  })

  test('loses nothing: the mended one takes the same records again', async () => {
    const setting = setUp({ partitions: 1 })
    const raw = calls(500)
    feed(setting, raw)
    const limits = { maxDeadLetterShare: 0.5, chunkRecords: 1_000, maxBytesPerPartition: 1_000_000 }
    const processor = await setting.start(limits, broken)
    await expect(processor.ended).rejects.toMatchObject({ code: 'TB_DEAD_LETTER_SHARE' })
    await stopWithin(setting.clock, processor)
    await setting.start(limits)
    await runUntil(setting.clock, () => setting.committed()[0] === 500)
    expect(verifyOutput(raw, setting.outputs(), topics)).toEqual(nothingAmiss)
  })

  test('goes on where no share is set', async () => {
    const setting = setUp({ partitions: 1 })
    feed(setting, calls(500))
    const processor = await setting.start({}, broken)
    await runUntil(setting.clock, () => setting.committed()[0] === 500)
    expect(processor.status().counts.poisoned).toBe(500)
  })
})
