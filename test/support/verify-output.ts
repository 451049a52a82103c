// Whether what stands on the output topics is what the raw records call for: every message, unsupported record and dead
// letter once, on its raw record's partition, in order for each key. Pure. Expectations come from `translate` and from
// the specs, not from the topology. Test support.
import { decodeJson } from '../../src/json.ts'
import { defaultMappingSettings } from '../../src/translate/mapping-table.ts'
import { translate } from '../../src/translate/translate.ts'

/** A record of the raw topic. `timestamp` is milliseconds since 1970. */
export interface RawInput {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly value: string | null
}

/** A committed record of an output topic; `readCommitted` of kafka.ts gives such. */
export interface Output {
  readonly partition: number
  readonly offset: number
  readonly key: string | null
  readonly headers: Readonly<Record<string, string>>
}

export interface OutputTopics {
  /** Topics that get every message. */
  readonly destinations: readonly string[]
  readonly deadLetters: string
  readonly unsupported: string
}

/** What is wrong, a line each, e.g. `main raw:0:7:1`; all empty when nothing is. */
export interface Findings {
  readonly lost: readonly string[]
  readonly doubled: readonly string[]
  /** On another partition than their raw record. */
  readonly misplaced: readonly string[]
  /** Behind a later record of the same key. */
  readonly orderViolations: readonly string[]
  /** Nothing calls for them, or they bear another messageId. */
  readonly foreign: readonly string[]
}

export const nothingAmiss: Findings = { lost: [], doubled: [], misplaced: [], orderViolations: [], foreign: [] }

interface Expected {
  readonly partition: number
  /** Undefined for unsupported records and dead letters. */
  readonly messageId: string | undefined
}

/** `outputs`: all committed records by topic, each partition's in the order of their offsets. */
export function verifyOutput(
  raw: readonly RawInput[],
  outputs: ReadonlyMap<string, readonly Output[]>,
  topics: OutputTopics,
): Findings {
  const expected = expectedOutput(raw, topics)
  const missing = new Set(expected.keys())
  const found = { doubled: [] as string[], misplaced: [] as string[], foreign: [] as string[] }
  for (const [topic, records] of outputs)
    for (const record of records) {
      const place = `${topic} ${record.headers['tb-src'] ?? 'without tb-src'}`
      const wanted = expected.get(place)
      if (wanted === undefined || wanted.messageId !== record.headers['tb-mid']) found.foreign.push(place)
      else if (!missing.delete(place)) found.doubled.push(place)
      else if (wanted.partition !== record.partition) found.misplaced.push(place)
    }
  return { lost: [...missing], ...found, orderViolations: [...outputs].flatMap(orderViolations) }
}

/** Output that the raw records call for: by place, e.g. `main raw:0:7:1`. */
export function expectedOutput(raw: readonly RawInput[], topics: OutputTopics): ReadonlyMap<string, Expected> {
  const expected = new Map<string, Expected>()
  for (const record of raw) {
    const { partition } = record
    const source = `${record.topic}:${partition}:${record.offset}`
    const { messageIds, isInvalid, isUnsupported } = callsFor(record)
    for (const topic of topics.destinations)
      messageIds.forEach((messageId, index) => expected.set(`${topic} ${source}:${index}`, { partition, messageId }))
    if (isInvalid) expected.set(`${topics.deadLetters} ${source}`, { partition, messageId: undefined })
    if (isUnsupported) expected.set(`${topics.unsupported} ${source}`, { partition, messageId: undefined })
  }
  return expected
}

interface CallsFor {
  readonly messageIds: readonly string[]
  readonly isInvalid: boolean
  readonly isUnsupported: boolean
}

function callsFor({ value, timestamp: timestampMs, ...place }: RawInput): CallsFor {
  if (value === null) return { messageIds: [], isInvalid: false, isUnsupported: false }
  const decoded = decodeJson(Buffer.from(value))
  if (!decoded.ok) return { messageIds: [], isInvalid: true, isUnsupported: false }
  const { operations } = translate(decoded.value, { ...place, timestampMs }, defaultMappingSettings)
  const translated = operations.flatMap((one) => (one.outcome === 'translated' ? [one] : []))
  return {
    messageIds: translated.flatMap(({ messages }) => messages.map(({ messageId }) => messageId)),
    isInvalid: operations.some(({ outcome }) => outcome === 'invalid'),
    isUnsupported:
      operations.some(({ outcome }) => outcome === 'unsupported') ||
      translated.some(({ unsupported }) => unsupported.length > 0),
  }
}

// Two records of a key that stem from two raw partitions have no order.
function orderViolations([topic, records]: readonly [string, readonly Output[]]): string[] {
  const newest = new Map<string, { readonly offset: number; readonly index: number }>()
  const violations: string[] = []
  for (const { key, headers } of records) {
    const source = headers['tb-src'] ?? ''
    const [rawTopic, partition, offset, index] = source.split(':')
    const place = { offset: Number(offset), index: Number(index ?? 0) }
    const lane = JSON.stringify([key, rawTopic, partition])
    const before = newest.get(lane)
    const isBehind =
      before !== undefined &&
      (before.offset > place.offset || (before.offset === place.offset && before.index > place.index))
    if (isBehind) violations.push(`${topic} ${source}`)
    else newest.set(lane, place)
  }
  return violations
}
