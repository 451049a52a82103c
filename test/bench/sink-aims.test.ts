import { expect, test } from 'vitest'
import { sinkAims } from '../../bench/sink-aims.ts'
import { ceilingTitle, type SinkContestant } from '../../bench/sink-contestants.ts'

const plain: SinkContestant = { child: 'sink', title: 'plain', role: 'plain' }
const refused: SinkContestant = { child: 'sink', title: 'refused', role: { refusedBeside: 'plain' } }
const other: SinkContestant = { child: 'sink', title: 'other' }
const row = (name: string, speed: number, cpu: number) => ({ name, figures: { 'messages/s': speed, 'CPU s/M': cpu } })

test('the product is held to the ceiling, to its CPU, and with refusals to its own speed', () => {
  const rows = [row('plain', 40_000, 18), row('refused', 30_000, 30), row('other', 1, 99), row(ceilingTitle, 80_000, 5)]
  expect(sinkAims([plain, refused, other], rows)).toStrictEqual([
    { name: `plain: messages/s / ${ceilingTitle}`, found: 0.5, limit: 0.8, atLeast: true },
    { name: 'plain: CPU s/M', found: 18, limit: 19 },
    { name: 'refused: messages/s / plain', found: 0.75, limit: 0.5, atLeast: true },
  ])
})

test('an aim whose rows were not run is left out', () => {
  expect(sinkAims([plain], [row('plain', 40_000, 18)])).toStrictEqual([
    { name: 'plain: CPU s/M', found: 18, limit: 19 },
  ])
  expect(sinkAims([refused], [row('refused', 40_000, 18)])).toStrictEqual([])
})
