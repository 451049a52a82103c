// How the account of the sink is read: what is bad in it, and its columns. Pure.
import type { Reading } from '../subject.ts'
import type { Counts, SinkAccount } from './account.ts'

const zeros = ['lost', 'order', 'bent', 'foreign', 'misjudged'] as const

/** Repeats are no fault: HTTP is at-least-once. That they are no other than the first is one (`bent`). */
export const reading: Reading<SinkAccount> = {
  columns: ['delivered', 'dead letters', 'repeated', 'order', 'lost'],
  records: ({ fed }) => fed,
  judge(account) {
    const faults = zeros.filter((kind) => account[kind] > 0).map((kind) => `${kind}: ${account[kind]}`)
    return [...faults, ...(faults.length > 0 ? account.examples : [])]
  },
  cells,
  byFault: ({ byFault }) =>
    Object.entries(byFault).map(([fault, counts]) => ({ fault, records: counts.fed, cells: cells(counts) })),
}

function cells({ delivered, deadLettered, repeated, order, lost }: Counts): readonly string[] {
  return [delivered, deadLettered, repeated, order, lost].map(String)
}
