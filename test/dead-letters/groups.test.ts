import { expect, test } from 'vitest'
import { createGrouping } from '../../src/dead-letters/groups.ts'
import type { Letter } from '../../src/dead-letters/letter.ts'

const letter = (reason: string, offset: number, writtenAtMs: number, status?: number): Letter =>
  ({
    reason,
    stage: 'sink',
    destination: 'main',
    ...(status === undefined ? {} : { answer: { status, body: '' } }),
    place: { topic: 'dlq', partition: 0, offset },
    writtenAtMs,
  }) as Letter

test('letters that are alike are counted, with their times and the last one', () => {
  const grouping = createGrouping()
  for (const one of [
    letter('a', 1, 50, 400),
    letter('a', 2, 30, 400),
    letter('a', 3, 70, 422),
    letter('a', 4, 60, 400),
  ])
    grouping.add(one)
  const alike = { reason: 'a', stage: 'sink', destination: 'main' }
  expect(grouping.groups()).toEqual([
    { ...alike, status: 400, count: 3, firstMs: 30, lastMs: 60, example: 'dlq:0:4' },
    { ...alike, status: 422, count: 1, firstMs: 70, lastMs: 70, example: 'dlq:0:3' },
  ])
})

test('beyond a thousand groups the others are one', () => {
  const grouping = createGrouping()
  for (let number = 0; number < 1_500; number++) grouping.add(letter(`reason ${number}`, number, number))
  const [others, ...rest] = grouping.groups()
  expect([others?.reason, others?.count, rest.length]).toEqual(['others', 500, 1_000])
})
