import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import {
  applyPatches,
  createCoordinatorMemory,
  filterAbortedMessages,
  groupMessagesPerPartition,
  refuseOtherVersions,
} from '../../src/kafka/kafkajs-patches.ts'

interface Message {
  readonly id: number
  readonly partition: number
}
type Grouping = typeof groupMessagesPerPartition<Message>

const load = createRequire(import.meta.url)
const groupingPath = 'kafkajs/src/producer/groupMessagesPerPartition'
// Taken before the patches replace it; the cache is emptied so that they load it afresh.
const stockGrouping = load(groupingPath) as Grouping
delete load.cache[load.resolve(groupingPath)]
applyPatches()

test('another version of kafkajs is refused with the version found and the one allowed', () => {
  expect(() => refuseOtherVersions('2.2.5')).toThrow(
    new TrackbridgeError(
      'TB_KAFKA_FATAL',
      'kafkajs 2.2.5 is installed, but only 2.2.4 is allowed: trackbridge corrects faults in that very version that ' +
        'lose or leak records. Install kafkajs@2.2.4.',
    ),
  )
})

test('version 2.2.4 of kafkajs is accepted', () => {
  expect(refuseOtherVersions('2.2.4')).toBeUndefined()
})

test('kafkajs loaded before its patches is refused', async () => {
  const patches = new URL('../../src/kafka/kafkajs-patches.ts', import.meta.url).href
  const script =
    `await import('kafkajs'); const { applyPatches } = await import('${patches}');` +
    `try { applyPatches() } catch (error) { process.stdout.write(error.code) }`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: new URL('../..', import.meta.url),
  })
  expect(stdout).toBe('TB_BUG')
})

test('patches applied twice stay as they are', () => {
  const before = load(groupingPath) as unknown
  applyPatches()
  expect(load(groupingPath)).toBe(before)
})

test('the modules that kafkajs loads are the corrected ones', () => {
  expect(load(groupingPath)).toBe(groupMessagesPerPartition)
  expect(load('kafkajs/src/consumer/filterAbortedMessages')).toBe(filterAbortedMessages)
})

const partitioner = (choice: { message: Message }): number => choice.message.partition

test('law: linear grouping gives what stock grouping gives', () => {
  const message = fc.record({ id: fc.nat(), partition: fc.nat(5) })
  fc.assert(
    fc.property(fc.array(message), fc.array(fc.constant({}), { maxLength: 2 }), (messages, partitionMetadata) => {
      const input = { topic: 't', partitionMetadata, messages, partitioner }
      expect(groupMessagesPerPartition(input)).toEqual(stockGrouping(input))
    }),
  )
})

interface RequestQueue {
  pending: unknown[]
  throttledUntil: number
  throttleCheckTimeoutId: NodeJS.Timeout | null
  scheduleCheckPendingRequests(): void
  destroy(): void
}

test.each([
  { name: 'an idle connection sets no timer', pending: [], throttledForMs: -1, timer: false },
  { name: 'a throttled connection sets a timer', pending: [], throttledForMs: 60_000, timer: true },
  { name: 'a connection with pending requests sets a timer', pending: [{}], throttledForMs: -1, timer: true },
])('$name', ({ pending, throttledForMs, timer }) => {
  const RequestQueue = load('kafkajs/src/network/requestQueue') as new (options: object) => RequestQueue
  const queue = new RequestQueue({ logger: {}, maxInFlightRequests: 1 })
  queue.pending = pending
  queue.throttledUntil = Date.now() + throttledForMs
  queue.scheduleCheckPendingRequests()
  const timerId = queue.throttleCheckTimeoutId
  queue.destroy()
  expect(timerId !== null).toBe(timer)
})

interface Cluster {
  findGroupCoordinatorMetadata(search: object): Promise<unknown>
  findBroker(search: object): Promise<unknown>
}

function createCluster(): { readonly cluster: Cluster; readonly search: (groupId: string) => Promise<unknown> } {
  const Cluster = load('kafkajs/src/cluster') as { prototype: Cluster }
  let asked = 0
  const brokerPool = {
    withBroker: () => Promise.resolve({ answer: (asked += 1) }),
    findBroker: ({ nodeId }: { nodeId: number }) =>
      nodeId === 1 ? Promise.resolve('broker') : Promise.reject(new Error('no such broker')),
  }
  const cluster = Object.assign(Object.create(Cluster.prototype) as Cluster, { brokerPool })
  return { cluster, search: (groupId) => cluster.findGroupCoordinatorMetadata({ groupId, coordinatorType: 0 }) }
}

test('a cluster asks once for the coordinator of a group, and apart for another group', async () => {
  const { search } = createCluster()
  const other = createCluster()
  const answers = [await search('g'), await search('g'), await search('h'), await search('g'), await other.search('g')]
  expect(answers).toEqual([{ answer: 1 }, { answer: 1 }, { answer: 2 }, { answer: 1 }, { answer: 1 }])
})

test.each([
  { code: 15, asksAgain: true },
  { code: 16, asksAgain: true },
  { code: 14, asksAgain: false },
  { code: 51, asksAgain: false },
])(
  'after error code $code from any broker the coordinator is asked for again: $asksAgain',
  async ({ code, asksAgain }) => {
    const { search } = createCluster()
    const { createErrorFromCode } = load('kafkajs/src/protocol/error') as {
      createErrorFromCode: (code: number) => Error
    }
    await search('g')
    createErrorFromCode(code)
    expect(await search('g')).toEqual({ answer: asksAgain ? 2 : 1 })
  },
)

test('a broker that cannot be reached makes its cluster forget the coordinators', async () => {
  const { cluster, search } = createCluster()
  await search('g')
  expect(await cluster.findBroker({ nodeId: 1 })).toBe('broker')
  expect(await search('g')).toEqual({ answer: 1 })
  await expect(cluster.findBroker({ nodeId: 2 })).rejects.toThrow('no such broker')
  expect(await search('g')).toEqual({ answer: 2 })
})

test('a coordinator is remembered for 30 seconds at most', async () => {
  let nowMs = 0
  let asked = 0
  const memory = createCoordinatorMemory(
    () => 0,
    () => nowMs,
  )
  const search = (): Promise<unknown> => memory.remembered('g', () => Promise.resolve((asked += 1)))
  expect(await search()).toBe(1)
  nowMs = 29_999
  expect(await search()).toBe(1)
  nowMs = 30_000
  expect(await search()).toBe(2)
})

test('an answer given while a coordinator moved is asked for again', async () => {
  let moves = 0
  let asked = 0
  const memory = createCoordinatorMemory(
    () => moves,
    () => 0,
  )
  const search = (moveMeanwhile: number): Promise<unknown> =>
    memory.remembered('g', async () => {
      moves += moveMeanwhile
      return (asked += 1)
    })
  expect([await search(1), await search(0), await search(0)]).toEqual([1, 2, 2])
})

test('a failed search is not remembered', async () => {
  const memory = createCoordinatorMemory(
    () => 0,
    () => 0,
  )
  await expect(memory.remembered('g', () => Promise.reject(new Error('down')))).rejects.toThrow('down')
  expect(await memory.remembered('g', () => Promise.resolve('found'))).toBe('found')
})
