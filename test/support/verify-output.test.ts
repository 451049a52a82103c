import { describe, expect, test } from 'vitest'
import { processRecord } from '../../src/processor/topology.ts'
import { mixedCalls } from './mixed-calls.ts'
import { rawRecord, routeTo, topologySettings } from './raw-records.ts'
import { nothingAmiss, verifyOutput, type Output, type RawInput } from './verify-output.ts'

const topics = { destinations: ['main', 'shop'], deadLetters: 'dlq', unsupported: 'unsupported' }
const partitions = 3

// The control: what a faultless process would have written for a mixture of calls.
const raw: readonly RawInput[] = mixedCalls({ topic: 'raw', count: 600, partitions, people: 20, timestamp: 1_000 })

function faultless(): Map<string, Output[]> {
  const settings = topologySettings([routeTo('main'), routeTo('shop')])
  const outputs = new Map(
    Object.values(topics).flatMap((names) => [names].flat().map((name) => [name, [] as Output[]])),
  )
  for (const { value, ...place } of raw)
    for (const record of processRecord(rawRecord(value, place), settings).records) {
      const written = outputs.get(record.topic)!
      const headers = Object.fromEntries(Object.entries(record.headers).map(([name, text]) => [name, String(text)]))
      const { partition, key } = record
      written.push({ partition, offset: written.length, key: key === null ? null : String(key), headers })
    }
  return outputs
}

/** The faultless output with the records of one topic changed. */
const changed = (topic: string, change: (records: Output[]) => Output[]): Map<string, Output[]> => {
  const outputs = faultless()
  return outputs.set(topic, change(outputs.get(topic)!))
}

const sourceOf = (record: Output | undefined): string => record?.headers['tb-src'] ?? ''

describe('verifyOutput', () => {
  test('finds nothing amiss in the output of a faultless process', () => {
    const outputs = faultless()
    expect(verifyOutput(raw, outputs, topics)).toEqual(nothingAmiss)
    expect([...outputs].map(([topic, records]) => [topic, records.length > 10])).toEqual(
      ['main', 'shop', 'dlq', 'unsupported'].map((topic) => [topic, true]),
    )
  })

  test.each(['main', 'shop', 'dlq', 'unsupported'])('finds a record of %s that is lost', (topic) => {
    const place = sourceOf(faultless().get(topic)?.[7])
    const outputs = changed(topic, (records) => records.toSpliced(7, 1))
    expect(verifyOutput(raw, outputs, topics)).toEqual({ ...nothingAmiss, lost: [`${topic} ${place}`] })
  })

  test.each(['main', 'shop', 'dlq', 'unsupported'])('finds a record of %s that is doubled', (topic) => {
    const record = faultless().get(topic)![7]!
    const outputs = changed(topic, (records) => records.toSpliced(8, 0, record))
    expect(verifyOutput(raw, outputs, topics)).toEqual({ ...nothingAmiss, doubled: [`${topic} ${sourceOf(record)}`] })
  })

  test('finds two records of a person that are swapped', () => {
    const records = faultless().get('main')!
    const later = records.findIndex(({ key }, index) => index > 10 && key === records[0]?.key)
    const outputs = changed('main', (all) => all.with(0, all[later]!).with(later, all[0]!))
    const { orderViolations, ...rest } = verifyOutput(raw, outputs, topics)
    expect(orderViolations).toContain(`main ${sourceOf(records[0])}`)
    expect({ ...rest, orderViolations: [] }).toEqual(nothingAmiss)
  })

  test('finds two messages of one raw record that are swapped', () => {
    const records = faultless().get('main')!
    const at = records.findIndex(
      ({ key }, index) => key === records[index + 1]?.key && sourceOf(records[index + 1]).endsWith(':1'),
    )
    const outputs = changed('main', (all) => all.with(at, all[at + 1]!).with(at + 1, all[at]!))
    expect(verifyOutput(raw, outputs, topics)).toEqual({
      ...nothingAmiss,
      orderViolations: [`main ${sourceOf(records[at])}`],
    })
  })

  test('finds a record on the wrong partition', () => {
    const record = faultless().get('main')![7]!
    const partition = (record.partition + 1) % partitions
    const outputs = changed('main', (records) => records.with(7, { ...record, partition }))
    expect(verifyOutput(raw, outputs, topics)).toEqual({ ...nothingAmiss, misplaced: [`main ${sourceOf(record)}`] })
  })

  test('finds records that nothing calls for, and those with another messageId', () => {
    const record = faultless().get('main')![7]!
    const stray = { ...record, headers: { ...record.headers, 'tb-src': 'raw:0:9999:0' } }
    const renamed = { ...record, headers: { ...record.headers, 'tb-mid': 'another' } }
    const outputs = changed('main', (records) => records.with(7, renamed).concat({ ...stray, key: 'nobody' }))
    expect(verifyOutput(raw, outputs, topics)).toEqual({
      ...nothingAmiss,
      lost: [`main ${sourceOf(record)}`],
      foreign: [`main ${sourceOf(record)}`, 'main raw:0:9999:0'],
    })
  })
})
