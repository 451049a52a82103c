import { describe, expect, test } from 'vitest'
import { startWorkerGroup } from '../../../src/cli/run/worker-group.ts'
import type { WorkerMessage, WorkerStatus } from '../../../src/cli/run/worker-messages.ts'
import type { WorkerEnd } from '../../../src/cli/run/worker-process.ts'
import { TrackbridgeError, type ErrorCode } from '../../../src/errors.ts'
import { shortCounts } from '../../../src/cli/run/processor-engine.ts'
import { noCounts } from '../../../src/processor/counts.ts'
import { createFakeClock, settle } from '../../support/fake-clock.ts'
import { createRecordingLog } from '../../support/recording-log.ts'

interface Life {
  readonly number: number
  say(message: WorkerMessage): void
  end(end: WorkerEnd): void
  stopped: boolean
}

const killed: WorkerEnd = { code: null, how: 'SIGKILL' }
const inOrder: WorkerEnd = { code: 0, how: 'exit code 0' }
const broken: WorkerEnd = { code: 1, how: 'exit code 1' }

const failed = (code: ErrorCode | null, message: string): WorkerMessage => ({ type: 'failed', code, message })

const status = (
  raw: number,
  others: { notReady?: string; partitions?: number; stuck?: number; topics?: WorkerStatus['topics'] } = {},
): WorkerMessage => ({
  type: 'status',
  counts: { ...noCounts, raw, translated: raw, written: { main: raw } },
  topics: {},
  partitions: 2,
  stuck: 0,
  notReady: null,
  ...others,
})

function setUp(count = 2) {
  const clock = createFakeClock(0)
  const { log, lines } = createRecordingLog()
  const lives: Life[] = []
  const group = startWorkerGroup(
    {
      clock,
      log,
      start(number, onMessage) {
        const { promise: ended, resolve: end } = Promise.withResolvers<WorkerEnd>()
        const life: Life = { number, say: onMessage, end, stopped: false }
        lives.push(life)
        return { setLevel: () => undefined, pid: 100 + lives.length, ended, stop: () => void (life.stopped = true) }
      },
    },
    count,
  )
  const die = async (index: number, end: WorkerEnd, message?: WorkerMessage): Promise<void> => {
    if (message !== undefined) lives[index]?.say(message)
    lives[index]?.end(end)
    await settle()
  }
  return { clock, lines, lives, group, die, numbers: () => lives.map(({ number }) => number) }
}

const healthOf = ({ group }: ReturnType<typeof setUp>): object => Object.fromEntries(group.health())

describe('workers', () => {
  test('are all started at once, are not ready before they have spoken, and then say how they are', () => {
    const setting = setUp()
    expect(setting.numbers()).toEqual([1, 2])
    expect(healthOf(setting)).toEqual({ 'process worker 1': 'starting', 'process worker 2': 'starting' })
    setting.lives[0]?.say(status(0))
    setting.lives[1]?.say(status(0, { notReady: 'waiting for an assignment from the consumer group' }))
    expect(healthOf(setting)).toEqual({
      'process worker 1': undefined,
      'process worker 2': 'waiting for an assignment from the consumer group',
    })
  })

  test('are not ready when they have said nothing for more than five seconds', () => {
    const setting = setUp(1)
    setting.lives[0]?.say(status(0))
    setting.clock.advance(5_000)
    expect(healthOf(setting)).toEqual({ 'process worker 1': undefined })
    setting.clock.advance(1_000)
    expect(healthOf(setting)).toEqual({ 'process worker 1': 'has said nothing for 6 s' })
  })

  test('add up to one line of figures, with what those did that are gone', async () => {
    const setting = setUp()
    setting.lives[0]?.say(status(10))
    setting.lives[1]?.say(status(5, { partitions: 3, stuck: 1 }))
    setting.clock.advance(1_000)
    const counts = shortCounts({ ...noCounts, raw: 15, translated: 15, written: { main: 15 } })
    expect(setting.group.progress()).toEqual({ ...counts, rawPerSecond: 15, partitions: 5, stuck: 1, workers: 2 })
    await setting.die(0, killed)
    setting.clock.advance(500)
    await settle()
    setting.lives[2]?.say(status(7))
    setting.clock.advance(500)
    expect(setting.group.progress()).toEqual({
      ...counts,
      raw: 22,
      translated: 22,
      written: { main: 22 },
      rawPerSecond: 7,
      partitions: 5,
      stuck: 1,
      workers: 2,
    })
  })
})

test('figures of several raw topics are summed for each, with those that workers have read who are gone', async () => {
  const setting = setUp()
  setting.lives[0]?.say(
    status(10, { topics: { a: { partitions: 2, stuck: 0, raw: 6 }, b: { partitions: 1, stuck: 1, raw: 4 } } }),
  )
  setting.lives[1]?.say(status(5, { topics: { b: { partitions: 3, stuck: 0, raw: 5 } } }))
  const told = (): unknown => setting.group.progress()?.['topics']
  expect(told()).toEqual({ a: { partitions: 2, stuck: 0, raw: 6 }, b: { partitions: 4, stuck: 1, raw: 9 } })
  await setting.die(0, killed)
  expect(told()).toEqual({ a: { partitions: 0, stuck: 0, raw: 6 }, b: { partitions: 3, stuck: 0, raw: 9 } })
})

describe('a worker that dies', () => {
  test('is told with how it ended and started again after a wait; the others go on', async () => {
    const setting = setUp()
    setting.lives[0]?.say(status(0))
    await setting.die(1, killed)
    expect(healthOf(setting)).toEqual({
      'process worker 1': undefined,
      'process worker 2': 'ended (SIGKILL); another one starts within 500 ms',
    })
    setting.clock.advance(499)
    await settle()
    expect(setting.numbers()).toEqual([1, 2])
    setting.clock.advance(1)
    await settle()
    expect(setting.numbers()).toEqual([1, 2, 2])
    expect(setting.lines.filter(({ level }) => level === 'error')).toEqual([
      {
        level: 'error',
        fields: { worker: 2, end: 'SIGKILL', why: 'SIGKILL', waitMs: 500 },
        message: 'ended; starting again',
      },
    ])
    expect(setting.lives[0]?.stopped).toBe(false)
  })

  test('is told with the fault that it named', async () => {
    const setting = setUp(1)
    await setting.die(0, broken, failed('TB_KAFKA_UNAVAILABLE', 'no broker answers'))
    expect(setting.lines.find(({ level }) => level === 'error')?.fields).toEqual({
      worker: 1,
      end: 'exit code 1',
      why: 'TB_KAFKA_UNAVAILABLE: no broker answers',
      waitMs: 500,
    })
  })

  test('young for the fifth time in a row ends the group with the last reason', async () => {
    const setting = setUp(1)
    for (let death = 0; death < 5; death++) {
      await setting.die(death, broken, failed('TB_KAFKA_FATAL', `no ${death}`))
      setting.clock.advance(30_000)
      await settle()
    }
    await expect(setting.group.ended).rejects.toEqual(
      new TrackbridgeError(
        'TB_WORKER_FAILED',
        'worker 1 ended 5 times in a row within 60 s of its start; the last time: TB_KAFKA_FATAL: no 4',
      ),
    )
    expect(setting.numbers()).toEqual([1, 1, 1, 1, 1])
  })

  test('after a long life does not end the group, however often', async () => {
    const setting = setUp(1)
    for (let death = 0; death < 20; death++) {
      setting.clock.advance(60_000)
      await setting.die(death, killed)
      setting.clock.advance(500)
      await settle()
    }
    expect(setting.numbers().length).toBe(21)
  })

  test('of a share of dead letters that was passed is not started again', async () => {
    const setting = setUp()
    setting.lives[0]?.say(status(0))
    await setting.die(0, broken, failed('TB_DEAD_LETTER_SHARE', 'too many'))
    await expect(setting.group.ended).rejects.toEqual(
      new TrackbridgeError('TB_DEAD_LETTER_SHARE', 'worker 1: too many'),
    )
    expect(setting.numbers()).toEqual([1, 2])
  })

  test('of a refusal is not started again before any has worked, and is afterwards', async () => {
    const refusal = failed('TB_TOPIC_MISSING', 'gone')
    const first = setUp()
    await first.die(0, { code: 2, how: 'exit code 2' }, refusal)
    await expect(first.group.ended).rejects.toEqual(new TrackbridgeError('TB_TOPIC_MISSING', 'worker 1: gone'))
    const second = setUp()
    second.lives[1]?.say(status(0))
    await second.die(0, { code: 2, how: 'exit code 2' }, refusal)
    second.clock.advance(500)
    await settle()
    expect(second.numbers()).toEqual([1, 2, 1])
  })
})

describe('stop', () => {
  test('tells every worker, waits for all, and ends well when they do', async () => {
    const setting = setUp()
    let over = false
    const stopping = setting.group.stop().finally(() => (over = true))
    expect(setting.lives.map(({ stopped }) => stopped)).toEqual([true, true])
    await setting.die(0, inOrder)
    expect(over).toBe(false)
    await setting.die(1, inOrder)
    await expect(stopping).resolves.toBe(undefined)
    await expect(setting.group.ended).resolves.toBe(undefined)
    expect(setting.numbers()).toEqual([1, 2])
  })

  test('does not wait for one that is about to be started again', async () => {
    const setting = setUp(1)
    await setting.die(0, killed)
    await setting.group.stop()
    expect([setting.numbers(), setting.clock.sleeping()]).toEqual([[1], 0])
  })

  test('names the workers that did not end in order', async () => {
    const setting = setUp()
    const stopping = setting.group.stop()
    stopping.catch(() => undefined)
    await setting.die(0, inOrder)
    await setting.die(1, killed)
    await expect(stopping).rejects.toEqual(
      new TrackbridgeError('TB_WORKER_FAILED', 'workers did not end in order: worker 2 (SIGKILL)'),
    )
  })

  test('after a fault leaves the word to the fault', async () => {
    const setting = setUp()
    await setting.die(0, broken, failed('TB_DEAD_LETTER_SHARE', 'too many'))
    const stopping = setting.group.stop()
    await setting.die(1, broken, failed('TB_DEAD_LETTER_SHARE', 'too many here as well'))
    await expect(stopping).resolves.toBe(undefined)
    await expect(setting.group.ended).rejects.toThrow('worker 1: too many')
  })
})
