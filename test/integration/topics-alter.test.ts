import { expect, onTestFinished, test } from 'vitest'
import type { Admin } from '../../src/kafka/broker.ts'
import { createTopics, kafkaBrokers, produceRaw, randomName } from '../support/kafka.ts'
import { testedVersion } from '../support/kafka-version.ts'
import { collect, openBroker } from '../support/kafkajs-adapter.ts'
import { until } from '../support/until.ts'

async function openAdmin(): Promise<Admin> {
  const admin = await openBroker().admin()
  onTestFinished(() => admin.close())
  return admin
}

test('altering a topic sets what is named, leaves its other settings alone, and adds partitions', async () => {
  const admin = await openAdmin()
  const topic = randomName('altered')
  await createTopics({ [topic]: { partitions: 1, settings: { 'retention.ms': '1000000', 'segment.ms': '7000000' } } })
  const settings = { 'retention.ms': '2000000', 'message.timestamp.type': 'LogAppendTime' }
  await admin.alterTopic(topic, { settings, partitions: 3 })
  await until(async () => (await admin.topics([topic])).get(topic)?.partitions === 3)
  const found = (await admin.topics([topic])).get(topic)
  expect(found?.settings).toMatchObject({ ...settings, 'segment.ms': '7000000', 'cleanup.policy': 'delete' })
})

test('what Kafka refuses to alter is said with the topic', async () => {
  const admin = await openAdmin()
  const topic = randomName('refused')
  await createTopics({ [topic]: 2 })
  await expect(admin.alterTopic(topic, { settings: { 'retention.ms': 'soon' } })).rejects.toMatchObject({
    code: 'TB_KAFKA_FATAL',
    message: `cannot change the settings of the topic ${topic}: a topic setting is not valid (INVALID_CONFIG)`,
  })
  await expect(admin.alterTopic(topic, { settings: {}, partitions: 1 })).rejects.toMatchObject({
    code: 'TB_KAFKA_FATAL',
  })
})

test('the cluster tells its brokers, their release, their settings and what it has enabled', async () => {
  const admin = await openAdmin()
  const { brokers, features } = await admin.cluster(['transaction.max.timeout.ms', 'group.max.session.timeout.ms'])
  const version = testedVersion()
  const release = version ? version.split('.').slice(0, 2).join('.') : (expect.stringMatching(/^\d\.\d+$/) as string)
  const settings = { 'transaction.max.timeout.ms': '900000', 'group.max.session.timeout.ms': '1800000' }
  expect(brokers).toEqual([{ id: '1', address: kafkaBrokers()[0], release, settings }])
  expect(features['metadata.version']).toBeGreaterThan(0)
})

test('topics tell their leaders, replicas and what we may do; those that do not exist are left out and not created', async () => {
  const admin = await openAdmin()
  const [topic, missing] = [randomName('stands'), randomName('missing')]
  await createTopics({ [topic]: 2 })
  const standings = await admin.standings([missing, topic])
  expect([...standings.keys()]).toEqual([topic])
  expect(standings.get(topic)).toMatchObject({
    partitions: [
      { leader: 1, replicas: 1, inSync: 1 },
      { leader: 1, replicas: 1, inSync: 1 },
    ],
  })
  const standing = standings.get(topic)
  expect(standing === 'denied' ? [] : [...(standing?.operations ?? [])]).toEqual(
    expect.arrayContaining(['Read', 'Write', 'Alter', 'DescribeConfigs']),
  )
  expect((await admin.standings([missing])).size).toBe(0)
})

test('a group tells its members, how they share and what they read', async () => {
  const admin = await openAdmin()
  const topic = randomName('read')
  await createTopics({ [topic]: 1 })
  const { group, assigned } = await collect(openBroker(), { topics: [topic] })
  await until(() => assigned() !== undefined)
  const info = await admin.group(group)
  expect([info.state, info.assignor, info.operations.has('Read')]).toEqual(['Stable', 'RoundRobinAssigner', true])
  expect(info.members).toEqual([{ clientId: 'adapter-test', host: '/127.0.0.1', topics: [topic] }])
  const unknown = await admin.group(randomName('unknown'))
  expect([unknown.state, unknown.members]).toEqual(['Dead', []])
})

test('offsets are found by time, the end of a partition where there is no later record', async () => {
  const admin = await openAdmin()
  const topic = randomName('times')
  await createTopics({ [topic]: 2 })
  const messages = [1_000, 2_000, 3_000].map((time) => ({ partition: 0, value: 'x', timestamp: String(time) }))
  await produceRaw(topic, messages)
  expect(await admin.offsetsSince(topic, 1_500)).toEqual(
    new Map([
      [0, 1],
      [1, 0],
    ]),
  )
  expect((await admin.offsetsSince(topic, 9_000)).get(0)).toBe(3)
})

test('a transactional id that may be used is reached', async () => {
  const admin = await openAdmin()
  await until(async () => {
    await admin.reachTransactionalId(randomName('id'))
    return true
  })
})
