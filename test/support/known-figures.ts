// What the figures of a run have to be, worked out from its raw records, and which figures a test has looked at. Test support.
import type { Route } from '../../src/processor/routing.ts'
import { processRecord } from '../../src/processor/topology.ts'
import { rawRecord, topologySettings } from './raw-records.ts'
import type { readMetrics } from './read-metrics.ts'
import type { RawInput } from './verify-output.ts'

/** Notes which metrics a test has asked for. */
export function noting({ value, sum, ...rest }: ReturnType<typeof readMetrics>, asked: Set<string>) {
  const note = (name: string): string => {
    asked.add(name.replace(/_(?:count|sum)$/, ''))
    return name
  }
  return {
    ...rest,
    value: (name: string, labels = {}) => value(note(name), labels),
    sum: (name: string, labels = {}) => sum(note(name), labels),
  }
}

/** How many by name. */
export type Counted = Readonly<Record<string, number>>

export const countBy = <T>(all: readonly T[], nameOf: (one: T) => string): Counted =>
  Object.fromEntries(Object.entries(Object.groupBy(all, nameOf)).map(([name, own = []]) => [name, own.length]))

/** What the raw records call for, by our own pure functions, as the run is to count it. */
export function knownOf(raw: readonly RawInput[], routes: readonly Route[]) {
  const processed = raw.map((record) =>
    processRecord(rawRecord(record.value, { ...record, value: bytesOf(record) }), topologySettings(routes)),
  )
  const faults = processed.flatMap(({ faults: own = [] }) => own)
  const reasons = (slot: string): Counted =>
    countBy(
      faults.filter((fault) => fault.slot === slot),
      ({ reason }) => reason,
    )
  return {
    outcomes: countBy(processed, ({ slot }) => slot.replace('-', '_')),
    unrouted: processed.reduce((total, { unrouted }) => total + unrouted, 0),
    deadLetters: reasons('dead-letter'),
    unsupported: reasons('unsupported'),
  }
}

const bytesOf = ({ value }: RawInput): Buffer | null => (value === null ? null : Buffer.from(value))

export const total = (counted: Counted): number => Object.values(counted).reduce((sum, one) => sum + one, 0)
