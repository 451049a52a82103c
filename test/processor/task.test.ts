import { describe, expect, test } from 'vitest'
import { noCounts } from '../../src/processor/counts.ts'
import { batchOf, failed, fault, ok, openTask, steps } from '../support/task.ts'
import { until } from '../support/until.ts'

const messages = (log: readonly { readonly message: string }[]): string[] => log.map(({ message }) => message)
const again = 'a chunk was not written; taking it again from the committed offset'

describe('from none to ready', () => {
  test('reads the committed offset after init has returned, and starts the first unit there', async () => {
    const { offer, events } = openTask({ sessions: [{ committed: 3 }] })
    expect(await offer(batchOf(0, 6))).toBe('done')
    expect(events).toEqual(['open', 'init', 'committed 3', 'commit 3,4,5 next 6', 'heartbeat', 'resolve 6'])
  })

  test('starts with the first batch when the group has no committed offset', async () => {
    const { offer, events } = openTask({ sessions: [{ committed: null }] })
    expect(await offer(batchOf(5, 7, { continuous: false }))).toBe('done')
    expect(events).toEqual(['open', 'init', 'committed null', 'commit 5,6 next 7', 'heartbeat', 'resolve 7'])
  })

  test('hands on what became of the records, and the member with them', async () => {
    const { offer, committed, members } = openTask()
    const member = { assignment: 9, memberId: 'nine', generation: 9 }
    await offer(batchOf(0, 2, { member }))
    expect(committed).toEqual([{ next: 2, counts: { ...noCounts, raw: 2, translated: 2, written: { main: 2 } } }])
    expect(members).toEqual([member])
  })

  test('a second batch goes on with the same session', async () => {
    const { offer, events } = openTask()
    await offer(batchOf(0, 2))
    events.length = 0
    expect(await offer(batchOf(2, 4))).toBe('done')
    expect(events).toEqual(['commit 2,3 next 4', 'heartbeat', 'resolve 4'])
  })

  test('a batch of a new assignment begins with a new session: others may have written in between', async () => {
    const { offer, events } = openTask({ sessions: [{ committed: 0 }, { committed: 6 }] })
    await offer(batchOf(0, 2))
    events.length = 0
    const member = { assignment: 2, memberId: 'm', generation: 3 }
    // Follows on from the position, so that nothing but the assignment tells that the position is out of date.
    expect(await offer(batchOf(2, 8, { member }))).toBe('done')
    expect(events).toEqual(['close', 'open', 'init', 'committed 6', 'commit 6,7 next 8', 'heartbeat', 'resolve 8'])
  })

  test('an init that fails for now is tried again after a back-off, by a member only', async () => {
    let calls = 0
    const init = (): void => {
      if (++calls < 3) throw fault('TB_KAFKA_UNAVAILABLE')
    }
    const { offer, events, log } = openTask({ sessions: [{ init, committed: 0 }] })
    expect(await offer(batchOf(0, 1))).toBe('done')
    expect(events).toEqual(
      steps(
        'open | init | close | sleep 100 | heartbeat',
        'open | init | close | sleep 200 | heartbeat',
        'open | init | committed 0 | commit 0 next 1 | heartbeat | resolve 1',
      ),
    )
    expect(messages(log)).toEqual([again, again])
  })

  test('a committed offset that cannot be read is a failure like those of a commit', async () => {
    let calls = 0
    const committed = (): number => {
      if (++calls === 1) throw fault('TB_KAFKA_UNAVAILABLE')
      return 0
    }
    const { offer, events } = openTask({ sessions: [{ committed }] })
    expect(await offer(batchOf(0, 1))).toBe('done')
    expect(events.slice(0, 6)).toEqual(['open', 'init', 'close', 'sleep 100', 'heartbeat', 'open'])
  })

  test('the back-off doubles up to five seconds', async () => {
    let calls = 0
    const init = (): void => {
      if (++calls < 9) throw fault('TB_KAFKA_UNAVAILABLE')
    }
    const { offer, events } = openTask({ sessions: [{ init }] })
    await offer(batchOf(0, 1))
    expect(events.filter((event) => event.startsWith('sleep'))).toEqual(
      [100, 200, 400, 800, 1600, 3200, 5000, 5000].map((ms) => `sleep ${ms}`),
    )
  })
})

describe('a batch beside the position', () => {
  test('records below the position are dropped', async () => {
    const { offer, events } = openTask({ sessions: [{ committed: 0 }] })
    await offer(batchOf(0, 4))
    events.length = 0
    expect(await offer(batchOf(2, 6, { continuous: false }))).toBe('done')
    expect(events).toEqual(['commit 4,5 next 6', 'heartbeat', 'resolve 6'])
  })

  test('a batch that lies below the position entirely is done without a commit', async () => {
    const { offer, events } = openTask({ sessions: [{ committed: 9 }] })
    expect(await offer(batchOf(0, 4))).toBe('done')
    expect(events).toEqual(['open', 'init', 'committed 9', 'resolve 4'])
  })

  test('a gap that nothing explains opens a new session, and then goes back to the committed offset', async () => {
    const { offer, events, log } = openTask({ sessions: [{ committed: 0 }, { committed: 4 }] })
    await offer(batchOf(0, 4))
    events.length = 0
    expect(await offer(batchOf(7, 9, { continuous: false }))).toBe('left')
    expect(events).toEqual(['close', 'open', 'init', 'committed 4', 'seek 4'])
    expect(messages(log)).toEqual(['going back to the committed offset'])
    events.length = 0
    expect(await offer(batchOf(4, 7))).toBe('done')
    expect(events).toEqual(['commit 4,5,6 next 7', 'heartbeat', 'resolve 7'])
  })

  test('a gap that another owner has filled is no gap after the new session', async () => {
    const { offer, events } = openTask({ sessions: [{ committed: 0 }, { committed: 8 }] })
    await offer(batchOf(0, 4))
    events.length = 0
    expect(await offer(batchOf(7, 9, { continuous: false }))).toBe('done')
    expect(events).toEqual(['close', 'open', 'init', 'committed 8', 'commit 8 next 9', 'heartbeat', 'resolve 9'])
  })

  test('a first batch after the committed offset goes back to it', async () => {
    const { offer, events } = openTask({ sessions: [{ committed: 2 }] })
    expect(await offer(batchOf(5, 6, { continuous: false }))).toBe('left')
    expect(events).toEqual(['open', 'init', 'committed 2', 'seek 2'])
  })

  test('a gap of filtered records is accepted', async () => {
    const { offer, events } = openTask({ sessions: [{ committed: 0 }] })
    await offer(batchOf(0, 4))
    events.length = 0
    expect(await offer(batchOf(7, 9, { continuous: true }))).toBe('done')
    expect(events).toEqual(['commit 7,8 next 9', 'heartbeat', 'resolve 9'])
  })

  test('a batch of control records only commits where it ends', async () => {
    const { offer, events, committed } = openTask({ sessions: [{ committed: 3 }] })
    expect(await offer(batchOf(3, 3, { nextOffset: 5 }))).toBe('done')
    expect(events.slice(3)).toEqual(['commit  next 5', 'heartbeat', 'resolve 5'])
    expect(committed).toEqual([{ next: 5, counts: noCounts }])
  })

  test('the last unit takes the control records behind it along', async () => {
    const { offer, events } = openTask({ chunkRecords: 2 })
    await offer(batchOf(0, 3, { nextOffset: 6 }))
    expect(events.slice(3)).toEqual(steps('commit 0,1 next 2 | heartbeat | commit 2 next 6 | heartbeat | resolve 6'))
  })
})

describe('the end of the assignment', () => {
  test('before a batch is taken up: nothing is opened', async () => {
    const { offer, events, assignment } = openTask()
    assignment.abort()
    expect(await offer(batchOf(0, 2))).toBe('left')
    expect(events).toEqual([])
  })

  test('during a commit: the commit comes to its end, nothing else is written or resolved', async () => {
    const { offer, events, assignment, committed } = openTask({
      sessions: [
        {
          committed: 0,
          commits: [
            () => {
              assignment.abort()
              return ok
            },
          ],
        },
      ],
      chunkRecords: 2,
    })
    expect(await offer(batchOf(0, 4))).toBe('left')
    expect(events.slice(3)).toEqual(['commit 0,1 next 2', 'heartbeat'])
    expect(committed.map(({ next }) => next)).toEqual([2])
  })

  test('during a back-off: the wait ends', async () => {
    const { offer, events, assignment } = openTask({
      sessions: [{ committed: 0, commits: [failed('transient')], close: () => assignment.abort() }],
    })
    expect(await offer(batchOf(0, 4))).toBe('left')
    expect(events.slice(3)).toEqual(['commit 0,1,2,3 next 4', 'close', 'sleep 100', 'heartbeat'])
  })

  test('while a session is opened: no unit is begun', async () => {
    const { offer, events, assignment, committed } = openTask({
      sessions: [{ init: () => assignment.abort(), committed: 0 }],
    })
    expect(await offer(batchOf(0, 4))).toBe('left')
    expect(events).toEqual(['open', 'init', 'committed 0'])
    expect(committed).toEqual([])
  })

  test('and a close while a session is opened: leaves the batch', async () => {
    const opening = Promise.withResolvers<never>()
    const { task, offer, events, assignment } = openTask({
      sessions: [{ init: () => opening.promise, close: () => opening.reject(fault('TB_KAFKA_REBALANCED')) }],
    })
    const end = offer(batchOf(0, 4))
    await until(() => events.includes('init'))
    assignment.abort()
    await task.close()
    expect(await end).toBe('left')
    expect(events).toEqual(['open', 'init', 'close'])
  })

  test('and a close while an old session is still closing: opens no other', async () => {
    const closing = Promise.withResolvers<void>()
    const { task, offer, events, assignment } = openTask({
      sessions: [{ committed: 0, close: () => closing.promise }, { committed: 0 }],
    })
    await offer(batchOf(0, 4))
    events.length = 0
    const end = offer(batchOf(7, 9, { continuous: false }))
    await until(() => events.includes('close'))
    assignment.abort()
    await task.close()
    closing.resolve()
    expect(await end).toBe('left')
    expect(events).toEqual(['close'])
  })
})

describe('closing', () => {
  test('closes the session once; no batch is taken up after', async () => {
    const { task, offer, events } = openTask({ sessions: [{ committed: 0 }] })
    await offer(batchOf(0, 2))
    events.length = 0
    await task.close()
    await task.close()
    expect(await offer(batchOf(2, 3))).toBe('left')
    expect(events).toEqual(['close'])
  })
})
