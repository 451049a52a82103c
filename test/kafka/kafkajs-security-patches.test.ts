import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { applyPatches } from '../../src/kafka/kafkajs-patches.ts'

const load = createRequire(import.meta.url)
applyPatches()

interface ConnectionPrototype {
  isAuthenticated: (this: object) => boolean
}
const { prototype: connection } = load('kafkajs/src/network/connection') as { prototype: ConnectionPrototype }

/** Authenticated so long ago, for a session of so many milliseconds. */
function isAuthenticated(agoMs: number | undefined, sessionLifetime: string): boolean {
  const [seconds, nanoseconds] = process.hrtime()
  const authenticatedAt = agoMs === undefined ? null : [seconds - agoMs / 1_000, nanoseconds]
  return connection.isAuthenticated.call({ authenticatedAt, sessionLifetime })
}

test.each([
  { agoMs: undefined, lifetime: '0', expected: false },
  { agoMs: 9_000_000, lifetime: '0', expected: true },
  { agoMs: 0, lifetime: '3000', expected: true },
  { agoMs: 2_000, lifetime: '3000', expected: true },
  { agoMs: 3_000, lifetime: '3000', expected: false },
  { agoMs: 3_000_000, lifetime: '3600000', expected: true },
  { agoMs: 3_070_000, lifetime: '3600000', expected: false },
])('$agoMs ms into a session of $lifetime ms a connection counts as authenticated: $expected', (row) => {
  expect(isAuthenticated(row.agoMs, row.lifetime)).toBe(row.expected)
})

interface ClusterPrototype {
  findGroupCoordinatorMetadata: (this: object, search: object) => Promise<unknown>
}
const { prototype: cluster } = load('kafkajs/src/cluster') as { prototype: ClusterPrototype }

const protocolError = Object.assign(new Error('denied'), { name: 'KafkaJSProtocolError' })

/** Brokers that answer as `answers` say, in a pool that, as kafkajs's own, swallows what goes wrong. */
function find(answers: readonly (object | Error)[]): Promise<unknown> {
  const broker = (nodeId: string) => ({
    findGroupCoordinator: async () => {
      const answer = answers[Number(nodeId)]
      if (answer instanceof Error) throw answer
      return answer
    },
  })
  const self = {
    getNodeIds: () => answers.map((_, index) => String(index)),
    findBroker: async ({ nodeId }: { nodeId: string }) => broker(nodeId),
    brokerPool: { withBroker: async () => answers.find((answer) => !(answer instanceof Error)) ?? null },
  }
  return cluster.findGroupCoordinatorMetadata.call(self, { groupId: 'g', coordinatorType: 0 })
}

test('a coordinator that is found is found', async () => {
  const coordinator = { coordinator: { nodeId: 1 } }
  expect(await find([protocolError, coordinator])).toBe(coordinator)
})

test('where there is none, the first broker that says why is believed', async () => {
  await expect(find([new Error('connection lost'), protocolError])).rejects.toBe(protocolError)
})

test('where none says why, there is no coordinator', async () => {
  await expect(find([new Error('connection lost')])).rejects.toMatchObject({ name: 'KafkaJSGroupCoordinatorNotFound' })
})
