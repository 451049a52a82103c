import { expect, test } from 'vitest'
import { countMessages, holdsRefused } from '../../bench/message-marks.ts'
import { evenMessages } from '../../bench/messages.ts'

const messages = [...evenMessages({ count: 4_001, partitions: 8 })]

test('each partition has its even share', () => {
  const counts = Array.from({ length: 8 }, (_, at) => messages.filter(({ partition }) => partition === at).length)
  expect(counts).toStrictEqual([501, 500, 500, 500, 500, 500, 500, 500])
})

test('each value is one Pipelines message, with the key and the headers that process writes', () => {
  for (const { value, headers, key } of messages) {
    const { messageId, type, userId, anonymousId, groupId } = JSON.parse(value.toString()) as Record<string, string>
    expect(countMessages(value)).toBe(1)
    expect(headers).toStrictEqual({
      'tb-src': expect.stringMatching(/^cio\.track\.raw:\d:\d+:\d+$/),
      'tb-mid': messageId,
      'tb-type': type,
    })
    expect(key).toBe(userId ?? anonymousId ?? groupId ?? messageId)
  }
})

test('about one in a hundred bears the mark, and is told to', () => {
  const marked = messages.filter(({ refused }) => refused)
  expect(marked).toStrictEqual(messages.filter(({ value }) => holdsRefused(value)))
  expect(marked.length).toBeGreaterThan(20)
  expect(marked.length).toBeLessThan(60)
})

test('the same messages come each time', () => {
  const values = (list: typeof messages): readonly string[] => list.map(({ value }) => value.toString())
  expect(values([...evenMessages({ count: 4_001, partitions: 8 })])).toStrictEqual(values(messages))
})
