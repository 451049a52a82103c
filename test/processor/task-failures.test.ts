import { describe, expect, test } from 'vitest'
import { noCounts } from '../../src/processor/counts.ts'
import { batchOf, failed, fault, ok, openTask, steps } from '../support/task.ts'

describe('a commit that failed', () => {
  test.each([
    { name: 'did happen', committed: 4, commits: ['commit 4,5 next 6'] },
    { name: 'did not happen', committed: 2, commits: ['commit 2,3 next 4', 'commit 4,5 next 6'] },
  ])(
    'with unknown outcome: the committed offset of a new session tells that it $name',
    async ({ committed, commits }) => {
      const first = { committed: 0, commits: [ok, failed('transient', 'unknown')] }
      const { offer, events, committed: told } = openTask({ sessions: [first, { committed }], chunkRecords: 2 })
      expect(await offer(batchOf(0, 6))).toBe('done')
      expect(events).toEqual(
        steps(
          'open | init | committed 0 | commit 0,1 next 2 | heartbeat | commit 2,3 next 4',
          `close | sleep 100 | heartbeat | open | init | committed ${committed}`,
          ...commits.flatMap((commit) => [commit, 'heartbeat']),
          'resolve 6',
        ),
      )
      expect(told.map(({ next, counts }) => [next, counts.raw])).toEqual([
        [2, 2],
        [4, 2],
        [6, 2],
      ])
    },
  )

  test('and the group has moved past the batch meanwhile: nothing of it is written again', async () => {
    const { offer, events } = openTask({
      sessions: [{ committed: 0, commits: [failed('fenced')] }, { committed: 10 }],
    })
    expect(await offer(batchOf(0, 6))).toBe('done')
    expect(events.slice(-4)).toEqual(['open', 'init', 'committed 10', 'resolve 6'])
  })

  test('by a fence: proves to be a member before it opens a session again', async () => {
    const { offer, events } = openTask({ sessions: [{ committed: 0, commits: [failed('fenced')] }, { committed: 0 }] })
    expect(await offer(batchOf(0, 1))).toBe('done')
    expect(events).toEqual(
      steps(
        'open | init | committed 0 | commit 0 next 1 | close | sleep 100 | heartbeat',
        'open | init | committed 0 | commit 0 next 1 | heartbeat | resolve 1',
      ),
    )
  })

  test('by a fence, and the group has moved on: leaves the batch to the new owner', async () => {
    const { offer, events, heartbeats } = openTask({ sessions: [{ committed: 0, commits: [failed('fenced')] }] })
    heartbeats.push(fault('TB_KAFKA_REBALANCED'))
    expect(await offer(batchOf(0, 1))).toBe('left')
    expect(events.slice(3)).toEqual(['commit 0 next 1', 'close', 'sleep 100', 'heartbeat'])
  })

  test('by a fence of init: proves to be a member likewise', async () => {
    const fenced = { init: () => Promise.reject(fault('TB_KAFKA_FENCED')) }
    const { offer, events } = openTask({ sessions: [fenced, { committed: 0 }] })
    expect(await offer(batchOf(0, 1))).toBe('done')
    expect(events.slice(0, 6)).toEqual(['open', 'init', 'close', 'sleep 100', 'heartbeat', 'open'])
  })

  test('because the group has moved on: leaves the batch at once', async () => {
    const { offer, events } = openTask({ sessions: [{ committed: 0, commits: [failed('rebalanced', 'unknown')] }] })
    expect(await offer(batchOf(0, 1))).toBe('left')
    expect(events.slice(3)).toEqual(['commit 0 next 1', 'close'])
  })

  test('and the next batch opens a new session', async () => {
    const { offer, events } = openTask({
      sessions: [{ committed: 0, commits: [failed('rebalanced', 'unknown')] }, { committed: 1 }],
    })
    await offer(batchOf(0, 1))
    events.length = 0
    await offer(batchOf(0, 2, { continuous: false }))
    expect(events).toEqual(['open', 'init', 'committed 1', 'commit 1 next 2', 'heartbeat', 'resolve 2'])
  })

  test('for good: is stuck, resolves nothing, and takes the same records when they are offered again', async () => {
    const { offer, events } = openTask({ sessions: [{ committed: 0, commits: [failed('fatal')] }, { committed: 0 }] })
    expect(await offer(batchOf(0, 2))).toEqual({ stuck: fault('TB_KAFKA_FATAL') })
    expect(events.slice(3)).toEqual(['commit 0,1 next 2', 'close'])
    events.length = 0
    expect(await offer(batchOf(0, 2))).toBe('done')
    expect(events).toEqual(['open', 'init', 'committed 0', 'commit 0,1 next 2', 'heartbeat', 'resolve 2'])
  })

  test.each(['TB_KAFKA_UNAUTHORIZED', 'TB_KAFKA_FATAL', 'TB_TOPIC_MISSING'] as const)(
    'by %s of init: is stuck',
    async (code) => {
      const init = (): never => {
        throw fault(code)
      }
      const { offer, events } = openTask({ sessions: [{ init }] })
      expect(await offer(batchOf(0, 2))).toEqual({ stuck: fault(code) })
      expect(events).toEqual(['open', 'init', 'close'])
    },
  )

  test('and a session that cannot be closed changes nothing', async () => {
    const first = { committed: 0, commits: [failed('transient')], close: () => Promise.reject(new Error('no')) }
    const { offer, events } = openTask({ sessions: [first, { committed: 0 }] })
    expect(await offer(batchOf(0, 1))).toBe('done')
    expect(events.slice(4, 8)).toEqual(['close', 'sleep 100', 'heartbeat', 'open'])
  })
})

describe('a heartbeat between units', () => {
  test('that says the group has moved on ends the batch; what is written stays written', async () => {
    const { offer, events, committed, heartbeats } = openTask({ sessions: [{ committed: 0 }], chunkRecords: 2 })
    heartbeats.push(fault('TB_KAFKA_REBALANCED'))
    expect(await offer(batchOf(0, 6))).toBe('left')
    expect(events.slice(3)).toEqual(['commit 0,1 next 2', 'heartbeat', 'close'])
    expect(committed.map(({ next }) => next)).toEqual([2])
  })

  test('that is not answered opens a new session and goes on', async () => {
    const sessions = [{ committed: 0 }, { committed: 2 }]
    const { offer, events, heartbeats } = openTask({ sessions, chunkRecords: 2 })
    heartbeats.push(fault('TB_KAFKA_UNAVAILABLE'))
    expect(await offer(batchOf(0, 3))).toBe('done')
    expect(events.slice(3)).toEqual(
      steps(
        'commit 0,1 next 2 | heartbeat | close | sleep 100 | heartbeat',
        'open | init | committed 2 | commit 2 next 3 | heartbeat | resolve 3',
      ),
    )
  })
})

describe('units', () => {
  test('hold chunkRecords records at most', async () => {
    const { offer, events } = openTask({ chunkRecords: 4 })
    await offer(batchOf(0, 10))
    expect(events.filter((event) => event.startsWith('commit '))).toEqual(
      steps('commit 0,1,2,3 next 4 | commit 4,5,6,7 next 8 | commit 8,9 next 10'),
    )
  })

  test('that are too large are halved and grow back, never above chunkRecords', async () => {
    const sessions = [{ committed: 0, commits: [failed('too-large')] }, { committed: 0 }]
    const { offer, events, committed } = openTask({ sessions, chunkRecords: 6 })
    expect(await offer(batchOf(0, 40))).toBe('done')
    expect(committed.map(({ counts }) => counts.raw)).toEqual([3, 4, 5, 6, 6, 6, 6, 4])
    expect(committed.map(({ next }) => next)).toEqual([3, 7, 12, 18, 24, 30, 36, 40])
    expect(events.slice(0, 9)).toEqual(
      steps('open | init | committed 0 | commit 0,1,2,3,4,5 next 6 | close | heartbeat', 'open | init | committed 0'),
    )
  })

  test('are halved down to one record, which becomes a dead letter; the next record does not', async () => {
    const big = { committed: 0, commits: [failed('too-large')] }
    const { offer, events, committed } = openTask({ sessions: [big, big, big, { committed: 0 }], chunkRecords: 4 })
    expect(await offer(batchOf(0, 4))).toBe('done')
    expect(events.filter((event) => event.startsWith('commit '))).toEqual([
      'commit 0,1,2,3 next 4',
      'commit 0,1 next 2',
      'commit 0 next 1',
      'commit 0 too large next 1',
      'commit 1,2 next 3',
      'commit 3 next 4',
    ])
    expect(committed[0]).toEqual({ next: 1, counts: { ...noCounts, raw: 1, deadLetters: 1, written: { dlq: 1 } } })
  })

  test('a dead letter that is too large itself makes the partition stuck; it is tried again, nothing is skipped', async () => {
    const big = { committed: 0, commits: [failed('too-large')] }
    const { offer, events, committed } = openTask({ sessions: [big], chunkRecords: 1 })
    const refused = fault('TB_DEAD_LETTER_REFUSED', 'the dead-letter topic refuses a record as too large')
    expect(await offer(batchOf(0, 2))).toEqual({ stuck: refused })
    expect(await offer(batchOf(0, 2))).toEqual({ stuck: refused })
    expect(events.filter((event) => event.startsWith('commit ') || event.startsWith('resolve'))).toEqual([
      'commit 0 next 1',
      'commit 0 too large next 1',
      'commit 0 too large next 1',
    ])
    expect(committed).toEqual([])
  })

  test('a record that another owner wrote meanwhile takes no other down with it', async () => {
    const sessions = [{ committed: 0, commits: [failed('too-large')] }, { committed: 1 }]
    const { offer, events } = openTask({ sessions, chunkRecords: 1 })
    expect(await offer(batchOf(0, 2))).toBe('done')
    expect(events.filter((event) => event.startsWith('commit '))).toEqual(['commit 0 next 1', 'commit 1 next 2'])
  })
})

describe('a broken invariant', () => {
  test.each([
    { name: 'that init meets', session: { init: () => Promise.reject(fault('TB_BUG')) } },
    {
      name: 'that a commit meets',
      session: { commits: [{ ok: false, outcome: 'aborted', reason: 'fatal', error: fault('TB_BUG') } as const] },
    },
  ])('$name is thrown', async ({ session }) => {
    await expect(openTask({ sessions: [session] }).offer(batchOf(0, 1))).rejects.toEqual(fault('TB_BUG'))
  })

  test('or any other unknown error is thrown as one', async () => {
    const broken = { init: () => Promise.reject(new TypeError('x is not a function')) }
    await expect(openTask({ sessions: [broken] }).offer(batchOf(0, 1))).rejects.toEqual(
      fault('TB_BUG', 'x is not a function'),
    )
  })
})
