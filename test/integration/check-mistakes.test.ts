import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createRequire } from 'node:module'
import type * as Kafkajs from 'kafkajs'
import { expect, onTestFinished, test } from 'vitest'
import { probeEndpoint } from '../../src/cli/run/endpoint-settings.ts'
import { startEmbeddedKafka, type EmbeddedKafka } from '../../src/demo/embedded-kafka.ts'
import { resolveKafkaJars } from '../../src/demo/kafka-jars.ts'
import { createKafkajsBroker } from '../../src/kafka/kafkajs-broker.ts'
import { configFile, runCommand } from '../cli/run/run-command.ts'
import { createTopics, produceRaw, withAdmin } from '../support/kafka.ts'
import { testedVersion } from '../support/kafka-version.ts'
import { joinAsOther } from '../support/other-assigner.ts'

const day = 86_400_000
// Required when it is patched: an import would come before that.
const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = createRequire(
  import.meta.url,
)('kafkajs') as typeof Kafkajs

/** A broker with limits that are too narrow, and rules of who may do what. */
async function startNarrowKafka(): Promise<EmbeddedKafka> {
  const options = { env: process.env, onProgress: () => undefined }
  const version = testedVersion()
  const jars = await resolveKafkaJars({ ...options, ...(version === undefined ? {} : { version }) })
  const brokerSettings = {
    'transaction.max.timeout.ms': '10000',
    'group.max.session.timeout.ms': '8000',
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'allow.everyone.if.no.acl.found': 'true',
  }
  const kafka = await startEmbeddedKafka({ ...options, jars, brokerSettings })
  onTestFinished(() => kafka.stop())
  return kafka
}

async function refuseKeys(): Promise<string> {
  const server = createServer((request, response) => {
    request.resume()
    response.writeHead(401).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
}

const good = { 'message.timestamp.type': 'LogAppendTime' }

/** By a rule of its own: that which is not allowed by one would be denied to everybody. */
async function denyWrite(resourceName: string, brokers: readonly string[]): Promise<void> {
  const resource = {
    resourceType: AclResourceTypes.TOPIC,
    resourceName,
    resourcePatternType: ResourcePatternTypes.LITERAL,
  }
  const everybody = { principal: 'User:*', host: '*', permissionType: AclPermissionTypes.ALLOW }
  const us = { principal: 'User:ANONYMOUS', host: '*', permissionType: AclPermissionTypes.DENY }
  const rules = [
    { ...resource, ...everybody, operation: AclOperationTypes.ALL },
    { ...resource, ...us, operation: AclOperationTypes.WRITE },
  ]
  await withAdmin((admin) => admin.createAcls({ acl: rules }), brokers)
}

async function plantMistakes(brokers: readonly string[]): Promise<void> {
  await createTopics(
    {
      'cio.track.raw': { partitions: 3, settings: { 'retention.ms': String(7 * day) } },
      'cio.pipelines.few': { partitions: 1, settings: good },
      'cio.pipelines.old': {
        partitions: 3,
        settings: { 'message.timestamp.type': 'CreateTime', 'retention.ms': '3600000' },
      },
      'cio.pipelines.small': { partitions: 3, settings: { ...good, 'max.message.bytes': '100000' } },
      'cio.pipelines.copies': { partitions: 3, settings: { ...good, 'min.insync.replicas': '2' } },
      'cio.pipelines.denied': { partitions: 3, settings: good },
      'cio.unsupported': { partitions: 3, settings: { ...good, 'cleanup.policy': 'compact' } },
    },
    brokers,
  )
  const timestamp = String(Date.now() - 6 * day)
  await produceRaw('cio.track.raw', [{ partition: 1, value: '{}', timestamp }], brokers)
  await denyWrite('cio.pipelines.denied', brokers)
  await joinAsOther('trackbridge.process', 'cio.track.raw', brokers)
}

const expectedPlan = [
  '= cio.track.raw: as wanted',
  '✗ cio.pipelines.few',
  '    partitions: 1 -> 3',
  '      has 1 partition, but the raw topic has 3 and partitioning is source',
  '      left to you: consumers of your own may count on the partitions of today: add them when those know',
  '      kafka-topics.sh --bootstrap-server BROKER --alter --topic cio.pipelines.few --partitions 3',
  '~ cio.pipelines.old',
  '    message.timestamp.type: CreateTime -> LogAppendTime',
  '      has CreateTime and a retention of 1 hour: replayed records older than that are deleted within minutes',
  '      trackbridge topics apply --alter changes it',
  '    retention.ms: 3600000 (1 hour) -> 604800000 (7 days)',
  '      has retention.ms 3600000 (1 hour), but 604800000 (7 days) is configured',
  '      trackbridge topics apply --alter changes it',
  '~ cio.pipelines.small',
  '    max.message.bytes: 100000 -> 1048588',
  '      takes batches of 100,000 bytes, the raw topic 1,048,588: messages of the largest raw records become dead letters',
  '      trackbridge topics apply --alter changes it',
  '✗ cio.pipelines.copies',
  '    min.insync.replicas: 2 -> 1',
  '      wants 2 replicas in sync, but has 1 copy of each partition: Kafka refuses every record with acks=all',
  '      left to you: fewer copies would weaken what other writers count on; more copies mend it too',
  '      kafka-configs.sh --bootstrap-server BROKER --alter --entity-type topics --entity-name cio.pipelines.copies --add-config min.insync.replicas=1',
  '= cio.pipelines.denied: as wanted',
  '+ cio.dead-letters: does not exist',
  "    partitions 3, replication factor the cluster's, message.timestamp.type LogAppendTime, retention.ms 604800000",
  '    kafka-topics.sh --bootstrap-server BROKER --create --topic cio.dead-letters --partitions 3 --config message.timestamp.type=LogAppendTime --config retention.ms=604800000',
  '! cio.unsupported',
  '    cleanup.policy: compact -> delete',
  '      is compacted: Kafka keeps only the last record of each key',
  '      left to you: records that are older than the retention would be deleted at once',
  '      kafka-configs.sh --bootstrap-server BROKER --alter --entity-type topics --entity-name cio.unsupported --add-config cleanup.policy=delete',
  '',
  '8 topics: 1 to create, 3 to change with --alter, 3 left to you, 2 as wanted',
  '',
]

const expectedCheck = [
  'Configuration',
  '✓ file: CONFIG is valid, 5 destinations',
  'Kafka',
  '✓ brokers: 1 broker, Kafka VERSION',
  "✗ session time-out: kafka.sessionTimeoutMs is 15 seconds, but the brokers' group.max.session.timeout.ms is 8 seconds: no member can join a group",
  "    → set kafka.sessionTimeoutMs to 8000 or less, or raise the brokers' setting",
  "✗ transactions: kafka.transactionTimeoutMs is 30 seconds, but the brokers' transaction.max.timeout.ms is 10 seconds: no transaction can begin",
  "    → set kafka.transactionTimeoutMs to 10000 or less, or raise the brokers' setting",
  '✓ topic __consumer_offsets: 4 partitions, all of which take groups',
  'Topics',
  '✓ topic cio.track.raw: 3 partitions, as wanted; Read allowed',
  '✗ topic cio.pipelines.few: has 1 partition, but the raw topic has 3 and partitioning is source',
  '    → kafka-topics.sh --bootstrap-server BROKER --alter --topic cio.pipelines.few --partitions 3',
  '! topic cio.pipelines.old: has CreateTime and a retention of 1 hour: replayed records older than that are deleted within minutes',
  '    → trackbridge topics apply --alter',
  '    or kafka-configs.sh --bootstrap-server BROKER --alter --entity-type topics --entity-name cio.pipelines.old --add-config message.timestamp.type=LogAppendTime',
  '! topic cio.pipelines.old: has retention.ms 3600000 (1 hour), but 604800000 (7 days) is configured',
  '    → trackbridge topics apply --alter',
  '    or kafka-configs.sh --bootstrap-server BROKER --alter --entity-type topics --entity-name cio.pipelines.old --add-config retention.ms=604800000',
  '! topic cio.pipelines.small: takes batches of 100,000 bytes, the raw topic 1,048,588: messages of the largest raw records become dead letters',
  '    → trackbridge topics apply --alter',
  '    or kafka-configs.sh --bootstrap-server BROKER --alter --entity-type topics --entity-name cio.pipelines.small --add-config max.message.bytes=1048588',
  '✗ topic cio.pipelines.copies: wants 2 replicas in sync, but has 1 copy of each partition: Kafka refuses every record with acks=all',
  '    → kafka-configs.sh --bootstrap-server BROKER --alter --entity-type topics --entity-name cio.pipelines.copies --add-config min.insync.replicas=1',
  '✗ topic cio.pipelines.denied: User:ANONYMOUS may not write it',
  '    → kafka-acls.sh --bootstrap-server BROKER --add --allow-principal User:ANONYMOUS --operation Write --topic cio.pipelines.denied',
  '✗ topic cio.dead-letters: does not exist; it needs 3 partitions',
  '    → trackbridge topics apply',
  '    or kafka-topics.sh --bootstrap-server BROKER --create --topic cio.dead-letters --partitions 3 --config message.timestamp.type=LogAppendTime --config retention.ms=604800000',
  '! topic cio.unsupported: is compacted: Kafka keeps only the last record of each key',
  '    → kafka-configs.sh --bootstrap-server BROKER --alter --entity-type topics --entity-name cio.unsupported --add-config cleanup.policy=delete',
  'Groups',
  '✗ group trackbridge.process: is in use by 1 member of another kind (trackbridge-test at 127.0.0.1), with the assignor range: Kafka would refuse us',
  '    → stop those members, or choose another kafka.prefix',
  '! group trackbridge.process: records of cio.track.raw in 1 partition wait unread for more than 75 % of the retention of 7 days, after which they are deleted',
  '    → raise retention.ms of cio.track.raw until the backlog is read',
  '    or let it catch up: more replicas or --workers, up to one for each partition',
  '✓ group trackbridge.sink.few: committed offsets of cio.pipelines.few: none, so it begins at the earliest record; at most 0 unread; 0 live members',
  'API',
  '✗ API of few: URL answers 401: the API key is refused',
  '    → put the API key of the Pipelines source into apiKey or apiKeyFile; region or url must be that of its account',
  '',
  '8 faults, 5 warnings',
  '',
]

test(
  'thirteen mistakes in a cluster are each found and explained, by topics plan and by check',
  { timeout: 180_000 },
  async () => {
    const { brokers } = await startNarrowKafka()
    const url = await refuseKeys()
    await plantMistakes(brokers)
    const [address = ''] = brokers
    const path = configFile({
      kafka: { brokers: address },
      destinations: [
        { name: 'few', sink: { url, apiKey: 'wrong' } },
        ...['old', 'small', 'copies', 'denied'].map((name) => ({ name })),
      ],
      topics: { retentionMs: 7 * day },
    })
    const parts = {
      createBroker: async (...deps: Parameters<typeof createKafkajsBroker>) => createKafkajsBroker(...deps),
      probe: probeEndpoint,
    }
    const plan = await runCommand(['topics', 'plan', '--config', path], parts)
    const check = await runCommand(['check', '--config', path], parts)
    process.stderr.write(`\n$ trackbridge topics plan\n${plan.stdout}\n$ trackbridge check\n${check.stdout}\n`)
    const told = (text: string): readonly string[] =>
      text
        .replaceAll(address, 'BROKER')
        .replaceAll(path, 'CONFIG')
        .replaceAll(url, 'URL')
        .replace(/Kafka \d\.\d$/m, 'Kafka VERSION')
        .split('\n')
    expect(told(plan.stdout)).toEqual(expectedPlan)
    expect(told(check.stdout)).toEqual(expectedCheck)
    expect([plan.exitCode, check.exitCode, plan.stderr, check.stderr]).toEqual([1, 1, '', ''])
  },
)
