import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createWindow, event, withValue } from './diff-window.ts'

/** What becomes of the message of one raw record on the topic; `at` orders the topic. */
const fate = fc.record({
  partition: fc.integer({ min: 0, max: 1 }),
  kind: fc.constantFrom('same', 'turned', 'changed', 'missing', 'extra', 'twice'),
  at: fc.integer({ min: 0, max: 1_000 }),
})

test('whatever stands on the topic, in whatever order, and however little is kept whole: every message gets its one verdict', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fate, { maxLength: 25 }),
      fc.constantFrom(0, 700, 1_000_000),
      fc.constantFrom('source', 'key'),
      fc.boolean(),
      async (fates, maxHeldBytes, partitioning, inOrder) => {
        const window = await createWindow(2)
        // By partition, as the records of the memory broker are listed.
        const ordered = fates.toSorted((a, b) => a.partition - b.partition)
        for (const [index, { partition }] of ordered.entries()) window.raw([event(`p${index}`)], partition)
        const records = window.made().flatMap((record, index) => {
          const { kind, at } = ordered[index]!
          const stray = { ...record, headers: { ...record.headers, 'tb-mid': 'stray' } }
          const found = {
            same: [record],
            turned: [withValue(record, (message) => Object.fromEntries(Object.entries(message).toReversed()))],
            changed: [withValue(record, (message) => ({ ...message, planted: 1 }))],
            missing: [],
            extra: [record, stray],
            twice: [record, record],
          }[kind]
          return found.map((one) => ({ at, one }))
        })
        const written = inOrder ? records : records.toSorted((a, b) => a.at - b.at)
        window.write(written.map(({ one }) => one))
        const count = (...kinds: readonly string[]) => fates.filter(({ kind }) => kinds.includes(kind)).length
        const { totals, notes } = await window.compare({ maxHeldBytes, partitioning })
        expect([totals, notes.repeats, notes.misplaced + notes.outside + notes.foreign]).toEqual([
          {
            same: count('same', 'turned', 'extra', 'twice'),
            changed: count('changed'),
            onlyHere: count('missing'),
            onlyThere: count('extra'),
          },
          count('twice'),
          0,
        ])
      },
    ),
    { numRuns: 150 },
  )
})
