// What a replay would write, counted: records by outcome, messages by destination and type, dead letters and unsupported
// calls by reason, with samples. In: records, translated. Out: a report. Memory is bounded by the number of types and
// reasons, and the samples. Pure but for its own state.
import { placeText } from '../history/window.ts'
import type { Slot } from '../processor/topology.ts'
import type { RawRecord, Rehearsed, WouldBe, WouldBeFault } from './translate-window.ts'

/** A message, or why there is none. */
export type DryRunSample = { readonly place: string } & (
  | ({ readonly kind: 'message' } & Pick<WouldBe, 'destination' | 'type' | 'messageId' | 'person' | 'value'>)
  | ({ readonly kind: WouldBeFault['slot'] } & Pick<WouldBeFault, 'reason' | 'field' | 'message'>)
)

export interface DestinationCounts {
  readonly name: string
  readonly messages: number
  /** Of their JSON. */
  readonly bytes: number
  readonly largestBytes: number
  readonly types: Readonly<Record<string, number>>
}

export interface DryRunCounts {
  readonly records: number
  /** Each record counts once. */
  readonly outcomes: Readonly<Record<Slot, number>>
  /** Messages that no destination takes. */
  readonly unrouted: number
  /** Messages, dead letters and unsupported records that the filter leaves out. */
  readonly filtered: number
  readonly destinations: readonly DestinationCounts[]
  /** Records that would be written, the most frequent reason first. */
  readonly faults: readonly (Pick<WouldBeFault, 'slot' | 'reason'> & { readonly records: number })[]
  readonly samples: readonly DryRunSample[]
}

export interface DryRun {
  add(raw: RawRecord, rehearsed: Rehearsed): void
  counts(): DryRunCounts
}

/** `samples`: so many are kept of each destination and type, and of each reason. Destinations that get nothing are told
 *  as well. */
export function createDryRun(destinations: readonly string[], options: { readonly samples: number }): DryRun {
  const samples = createSamples(options.samples)
  const sums = new Map(destinations.map((name) => [name, emptySum()]))
  const faults = new Map<string, Pick<WouldBeFault, 'slot' | 'reason'> & { records: number }>()
  const outcomes = { translated: 0, unsupported: 0, 'dead-letter': 0, skipped: 0 }
  let [records, unrouted, filtered] = [0, 0, 0]

  const addMessage = (raw: RawRecord, { destination, type, messageId, person, value }: WouldBe): void => {
    const sum = sums.get(destination) ?? emptySum()
    sums.set(destination, sum)
    sum.messages++
    sum.bytes += value.length
    sum.largestBytes = Math.max(sum.largestBytes, value.length)
    sum.types[type] = (sum.types[type] ?? 0) + 1
    // A copy: the value is a part of a large buffer, which it would keep from being freed.
    const toSample = () =>
      ({
        kind: 'message',
        place: placeText(raw),
        destination,
        type,
        messageId,
        person,
        value: Buffer.from(value),
      }) as const
    samples.offer(`${destination}/${type}`, toSample)
  }
  const addFault = (raw: RawRecord, { slot, reason, field, message }: WouldBeFault): void => {
    const key = `${slot}/${reason}`
    const fault = faults.get(key) ?? { slot, reason, records: 0 }
    fault.records++
    faults.set(key, fault)
    samples.offer(key, () => ({ kind: slot, place: placeText(raw), reason, field, message }))
  }

  return {
    add(raw, rehearsed) {
      records++
      outcomes[rehearsed.slot]++
      unrouted += rehearsed.unrouted
      filtered += rehearsed.filtered
      for (const message of rehearsed.messages) if (message.isAsked) addMessage(raw, message)
      for (const fault of rehearsed.faults) addFault(raw, fault)
    },
    counts: () => ({
      records,
      outcomes: { ...outcomes },
      unrouted,
      filtered,
      destinations: [...sums].map(([name, sum]) => ({ name, ...sum, types: { ...sum.types } })),
      faults: [...faults.values()].map((fault) => ({ ...fault })).toSorted((a, b) => b.records - a.records),
      samples: samples.all(),
    }),
  }
}

const emptySum = () => ({ messages: 0, bytes: 0, largestBytes: 0, types: {} as Record<string, number> })

function createSamples(maxOfKind: number) {
  const kept = new Map<string, DryRunSample[]>()
  return {
    offer(kind: string, toSample: () => DryRunSample): void {
      const known = kept.get(kind) ?? []
      if (known.length >= maxOfKind) return
      known.push(toSample())
      kept.set(kind, known)
    },
    all: (): readonly DryRunSample[] => [...kept.values()].flat(),
  }
}

/** What forwarding the messages takes. */
export interface ForwardEstimate {
  readonly requests: number
  /** At so many requests a second; batches that are not full take more. */
  readonly seconds: number
}

/** Batches filled to their limits, which is the least that forwarding takes. */
export function estimateForward(
  { messages, bytes }: Pick<DestinationCounts, 'messages' | 'bytes'>,
  limits: { readonly maxBatchMessages: number; readonly maxBatchBytes: number; readonly requestsPerSecond: number },
): ForwardEstimate {
  const requests = Math.max(Math.ceil(messages / limits.maxBatchMessages), Math.ceil(bytes / limits.maxBatchBytes))
  return { requests, seconds: Math.ceil(requests / limits.requestsPerSecond) }
}
