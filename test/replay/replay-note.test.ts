import { expect, test } from 'vitest'
import { noteText, readNote, requireSame, type PartitionNote } from '../../src/replay/replay-note.ts'

const note: PartitionNote = {
  stage: 'translate',
  from: '2026-03-01',
  to: 'latest',
  destinations: ['main'],
  filter: ['type=track'],
  topics: ['raw'],
  begun: '2026-04-01T00:00:00.000Z',
  start: 7,
}

test('a note comes back as it was written', () => {
  expect(readNote(noteText(note))).toEqual(note)
})

test.each(['', '{}', 'no JSON', 'null', '{"start":"1","begun":"x"}'])('%j is no note of ours', (text) => {
  expect(readNote(text)).toBeUndefined()
})

test('a note that Kafka would refuse is refused before', () => {
  expect(() => noteText({ ...note, filter: [`person=${'x'.repeat(5_000)}`] })).toThrowError(
    /^what is to be remembered of this replay takes 5\d{3} bytes; Kafka keeps 4000: use fewer or shorter conditions/,
  )
})

test('the same arguments, and any that are left out, go on with the replay', () => {
  expect(() => {
    requireSame('spring', note, {})
    requireSame('spring', note, { from: '2026-03-01', to: 'latest', destinations: ['main'], filter: ['type=track'] })
  }).not.toThrow()
})

test.each([
  [{ from: '-7d' }, '--from 2026-03-01, and now it is -7d'],
  [{ stage: 'forward' }, '--stage translate, and now it is forward'],
  [{ destinations: ['main', 'shop'] }, '--destination main, and now it is main shop'],
  [{ filter: [] }, '--filter type=track, and now it is '],
  [{ into: 'live' }, '--into absent, and now it is live'],
  [{ toTopic: 'x' }, '--to-topic absent, and now it is x'],
] as const)('%j is refused: it is not what the replay was begun with', (asked, said) => {
  expect(() => requireSame('spring', note, asked)).toThrowError(
    `replay "spring" was begun on 2026-04-01T00:00:00.000Z with ${said}: ` +
      'leave it out to go on with that replay, choose another --name, or begin anew with --restart',
  )
})
