// Whether what stands on the output topics is what the raw records call for: a ledger that takes record after record, so
// that millions fit. In: the raw records first, then those of the output topics, each partition in the order of its
// offsets. Out: what is lost, doubled, out of order, and where each raw record ended. Pure. Test support.
import { expectedOutput, type OutputTopics } from './verify-output.ts'
import type { CommittedRecord } from './committed-reader.ts'

/** Numbers of records; all but `accounted` must be 0. */
export interface Account {
  readonly lost: number
  readonly doubled: number
  /** Behind a later record of the same raw partition. */
  readonly partitionOrder: number
  /** Behind a later record of the same key and raw partition. */
  readonly keyOrder: number
  /** On another partition than their raw record. */
  readonly misplaced: number
  /** Nothing calls for them, or they bear another messageId. */
  readonly foreign: number
  readonly accounted: Accounted
  /** The first few faults, a line each: `lost raw:0:7:1 on main`. */
  readonly examples: readonly string[]
}

/** Raw records by where they ended: `raw` is the sum of the others when each has left its trace. One that has left several
 *  counts once, in this order. */
export interface Accounted {
  readonly raw: number
  readonly deadLetters: number
  readonly unsupported: number
  readonly translated: number
  /** Called for nothing: records without a value. */
  readonly skipped: number
}

export interface Ledger {
  addRaw(record: CommittedRecord): void
  addOutput(record: CommittedRecord): void
  close(): Account
}

interface Expected {
  readonly partition: number
  readonly messageId: string | undefined
  seen: boolean
}

type Trace = 'none' | 'skipped' | 'translated' | 'unsupported' | 'deadLetters'

const faultKinds = ['lost', 'doubled', 'partitionOrder', 'keyOrder', 'misplaced', 'foreign'] as const
const mostExamples = 10

/** A ledger for one raw topic and the topics made from it. */
export function createLedger(topics: OutputTopics): Ledger {
  const expected = new Map<string, Expected>()
  const traces = new Map<string, Trace>()
  const newest = new Map<string, Place>()
  const faults = new Map<(typeof faultKinds)[number], number>()
  const examples: string[] = []
  const fault = (kind: (typeof faultKinds)[number], place: string): void => {
    faults.set(kind, (faults.get(kind) ?? 0) + 1)
    if (examples.length < mostExamples) examples.push(`${kind} ${place}`)
  }
  const checkOrder = (kind: 'partitionOrder' | 'keyOrder', lane: string, place: Place): void => {
    const before = newest.get(lane)
    if (before !== undefined && isBehind(place, before)) fault(kind, `${lane} ${place.offset}:${place.index}`)
    else newest.set(lane, place)
  }
  return {
    addRaw({ topic, partition, offset, timestamp, value }) {
      const called = expectedOutput([{ topic, partition, offset, timestamp, value }], topics)
      for (const [place, wanted] of called) expected.set(place, { ...wanted, seen: false })
      traces.set(`${topic}:${partition}:${offset}`, called.size === 0 ? 'skipped' : 'none')
    },
    addOutput({ topic, partition, key, source, messageId }) {
      const place = `${topic} ${source ?? 'without tb-src'}`
      const wanted = expected.get(place)
      if (source === null || wanted === undefined || (wanted.messageId ?? null) !== messageId)
        return fault('foreign', place)
      if (wanted.seen) fault('doubled', place)
      wanted.seen = true
      if (wanted.partition !== partition) fault('misplaced', place)
      const from = parseSource(source)
      traces.set(from.record, laterTrace(traces.get(from.record), traceOn(topic, topics)))
      checkOrder('partitionOrder', `${topic} ${from.topic}:${from.partition}`, from)
      checkOrder('keyOrder', `${topic} ${from.topic}:${from.partition} ${JSON.stringify(key)}`, from)
    },
    close() {
      for (const [place, { seen }] of expected) if (!seen) fault('lost', place)
      const counts = Object.fromEntries(faultKinds.map((kind) => [kind, faults.get(kind) ?? 0]))
      return { ...(counts as Record<(typeof faultKinds)[number], number>), accounted: countTraces(traces), examples }
    },
  }
}

interface Place {
  readonly offset: number
  readonly index: number
}

/** `raw:3:17:0` or, for dead letters and unsupported calls, `raw:3:17`. Topics hold no colon. */
function parseSource(
  source: string,
): Place & { readonly topic: string; readonly partition: string; readonly record: string } {
  const [topic = '', partition = '', offset = '', index = '0'] = source.split(':')
  return { topic, partition, record: `${topic}:${partition}:${offset}`, offset: Number(offset), index: Number(index) }
}

// Not the same place: that is a double, and counted as such.
function isBehind(place: Place, before: Place): boolean {
  return place.offset < before.offset || (place.offset === before.offset && place.index < before.index)
}

const grades: readonly Trace[] = ['none', 'skipped', 'translated', 'unsupported', 'deadLetters']

function traceOn(topic: string, { deadLetters, unsupported }: OutputTopics): Trace {
  if (topic === deadLetters) return 'deadLetters'
  return topic === unsupported ? 'unsupported' : 'translated'
}

function laterTrace(one: Trace = 'none', other: Trace): Trace {
  return grades.indexOf(one) > grades.indexOf(other) ? one : other
}

function countTraces(traces: ReadonlyMap<string, Trace>): Accounted {
  const counts = { raw: traces.size, deadLetters: 0, unsupported: 0, translated: 0, skipped: 0 }
  for (const trace of traces.values()) if (trace !== 'none') counts[trace]++
  return counts
}
