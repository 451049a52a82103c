import { expect, test } from 'vitest'
import { chooseSinkContestants, missingSettings } from '../../bench/sink-contestants.ts'

const knowsAll = (): boolean => true
const knowsNone = (): boolean => false
const titles = (choice: ReturnType<typeof chooseSinkContestants>): readonly string[] =>
  choice.contestants.map(({ title }) => title)

const all = [
  'product, concurrency partition',
  'product, concurrency key',
  'product, concurrency partition, 1 % refused',
  'product, concurrency key, 1 % refused',
  'product, concurrency partition, gzip',
  'ceiling: read, set sentAt, post',
  'the same with the bytes unread',
  'one request per message, fetch',
]

test('all take part when none is chosen, and latency is measured', () => {
  const choice = chooseSinkContestants({}, knowsAll)
  expect(titles(choice)).toStrictEqual(all)
  expect(choice.latency).toBe(true)
})

test('the row on one core comes when it is asked for', () => {
  const pinned = 'product, concurrency partition, on one core'
  expect(titles(chooseSinkContestants({ pinned: true }, knowsAll))).toStrictEqual(all.toSpliced(5, 0, pinned))
  expect(titles(chooseSinkContestants({ only: ['ceiling'], pinned: true }, knowsAll))).toStrictEqual([pinned, all[5]])
  expect(titles(chooseSinkContestants({ only: ['pinned'] }, knowsAll))).toStrictEqual([pinned])
})

test('a version without the settings leaves their rows out and says so', () => {
  expect(titles(chooseSinkContestants({}, knowsNone))).toStrictEqual([all[0], all[2], all[5], all[6], all[7]])
  expect(missingSettings(knowsNone)).toStrictEqual({
    'concurrency key': 'not in this version',
    gzip: 'not in this version',
  })
  expect(missingSettings(knowsAll)).toStrictEqual({})
})

test('only those that are named take part', () => {
  const choice = chooseSinkContestants({ only: ['fetch', 'product'] }, knowsAll)
  expect(titles(choice)).toStrictEqual([all[0], all[7]])
  expect(choice.latency).toBe(false)
  expect(chooseSinkContestants({ only: ['latency'] }, knowsAll)).toStrictEqual({ contestants: [], latency: true })
})

test('an unknown name is refused and told with those that are known', () => {
  expect(() => chooseSinkContestants({ only: ['gzip'] }, knowsNone)).toThrow(
    '--only takes names of product, refused, pinned, ceiling, unread, fetch, latency, found "gzip"',
  )
})
