import { describe, expect, test } from 'vitest'
import { TrackbridgeError } from '../../../src/errors.ts'
import { memorySettings } from '../../support/memory-inspector.ts'
import { amiss, answering, check, cluster, document, own, type Change } from '../run/run-check.ts'
import { configFile, runCommand } from '../run/run-command.ts'

const brokerWith = (settings: Readonly<Record<string, string>>, release: string | undefined = '4.1') => ({
  id: '1',
  address: 'a:9092',
  release,
  settings,
})
const clusterOf =
  (...brokers: readonly ReturnType<typeof brokerWith>[]): Change =>
  () => ({ cluster: async () => ({ brokers, features: {} }) })
const standing =
  (topic: string, change: object | 'denied' | undefined): Change =>
  (admin) => ({
    standings: async (names) => {
      const all = new Map(await admin.standings(names))
      const partitions = [{ leader: 1, replicas: 3, inSync: 3 }]
      if (change === undefined) all.delete(topic)
      else if (change === 'denied') all.set(topic, 'denied')
      else if (names.includes(topic)) all.set(topic, { operations: new Set(['Read', 'Write']), partitions, ...change })
      return all
    },
  })
const groupOf =
  (change: object): Change =>
  (admin) => ({ group: async (group) => ({ ...(await admin.group(group)), ...change }) })

const day = 86_400_000
const member = (...read: readonly string[]) => ({ clientId: 'other', host: '/10.0.0.9', topics: read })

const twoCopies: Change = (admin) => ({
  topics: async (names) =>
    new Map([...(await admin.topics(names))].map(([name, info]) => [name, { ...info, replicationFactor: 2 }])),
  standings: async (names) => {
    const all = new Map(await admin.standings(names))
    const operations = new Set(['Write'] as const)
    all.set('cio.unsupported', { operations, partitions: [{ leader: 1, replicas: 2, inSync: 2 }] })
    all.set('cio.dead-letters', { operations, partitions: [{ leader: 1, replicas: 2, inSync: 1 }] })
    return all
  },
})

describe('check finds, and says what to do:', () => {
  test.each<[string, Change, readonly string[]]>([
    [
      'brokers of different releases',
      clusterOf(brokerWith(memorySettings, '3.9'), brokerWith(memorySettings)),
      ['! brokers: 2 brokers of different releases: a:9092 3.9, a:9092 4.1', '    → finish the upgrade'],
    ],
    [
      'settings of brokers that may not be read',
      clusterOf(brokerWith({})),
      [
        '! broker settings: may not be read, and limits of time-outs and copies are unchecked: DescribeConfigs on the cluster is denied to User:ANONYMOUS (as configured)',
        '    → kafka-acls.sh --bootstrap-server a:9092 --add --allow-principal User:ANONYMOUS --operation DescribeConfigs --cluster',
      ],
    ],
    [
      'a transaction time-out above what the brokers allow',
      clusterOf(brokerWith({ ...memorySettings, 'transaction.max.timeout.ms': '10000' })),
      [
        "✗ transactions: kafka.transactionTimeoutMs is 30 seconds, but the brokers' transaction.max.timeout.ms is 10 seconds: no transaction can begin",
        "    → set kafka.transactionTimeoutMs to 10000 or less, or raise the brokers' setting",
      ],
    ],
    [
      'a session time-out above what the brokers allow',
      clusterOf(brokerWith({ ...memorySettings, 'group.max.session.timeout.ms': '10000' })),
      [
        "✗ session time-out: kafka.sessionTimeoutMs is 15 seconds, but the brokers' group.max.session.timeout.ms is 10 seconds: no member can join a group",
        "    → set kafka.sessionTimeoutMs to 10000 or less, or raise the brokers' setting",
      ],
    ],
    [
      'a session time-out below it, by the strictest broker',
      clusterOf(brokerWith(memorySettings), brokerWith({ ...memorySettings, 'group.min.session.timeout.ms': '20000' })),
      [
        "✗ session time-out: kafka.sessionTimeoutMs is 15 seconds, but the brokers' group.min.session.timeout.ms is 20 seconds: no member can join a group",
        "    → set kafka.sessionTimeoutMs to 20000 or more, or lower the brokers' setting",
      ],
    ],
    [
      'a log of transactions that can never be made',
      clusterOf(brokerWith({ ...memorySettings, 'transaction.state.log.replication.factor': '3' })),
      [
        '✗ topic __transaction_state: is not there yet, and needs 3 brokers, of which there is 1: no transactions can begin',
        '    → start more brokers, or lower its replication.factor in the settings of the brokers',
      ],
    ],
    [
      'a log of groups that has lost its leaders',
      standing('__consumer_offsets', { partitions: [{ leader: -1, replicas: 1, inSync: 0 }] }),
      [
        '✗ topic __consumer_offsets: 1 of 1 partition have no leader or less than 1 replica in sync: groups in them wait',
        '    → bring the missing brokers back',
      ],
    ],
    [
      'a topic that may not be described',
      standing('cio.track.raw', 'denied'),
      [
        '✗ topic cio.track.raw: may not even be described',
        '    → kafka-acls.sh --bootstrap-server a:9092 --add --allow-principal User:ANONYMOUS --operation Read --topic cio.track.raw',
      ],
    ],
    [
      'a topic that may not be written',
      standing('cio.unsupported', { operations: new Set(['Read', 'Describe']) }),
      [
        '✗ topic cio.unsupported: User:ANONYMOUS may not write it',
        '    → kafka-acls.sh --bootstrap-server a:9092 --add --allow-principal User:ANONYMOUS --operation Write --topic cio.unsupported',
      ],
    ],
    [
      'a topic without leaders',
      standing('cio.track.raw', {
        partitions: [
          { leader: 1, replicas: 1, inSync: 1 },
          { leader: -1, replicas: 1, inSync: 0 },
        ],
      }),
      [
        '✗ topic cio.track.raw: 1 of 2 partitions have no leader: nothing can be read or written there',
        '    → bring the missing brokers back',
      ],
    ],
    [
      'replicas that are behind',
      standing('cio.unsupported', { partitions: [{ leader: 1, replicas: 3, inSync: 2 }] }),
      [
        '! topic cio.unsupported: 1 of 1 partition have replicas that are not in sync',
        '    → bring the missing brokers back',
      ],
    ],
    [
      'a group of consumers of another kind',
      groupOf({ assignor: 'range', members: [member('cio.track.raw')] }),
      ['process', 'sink.api'].flatMap((group) => [
        `✗ group trackbridge.${group}: is in use by 1 member of another kind (other at 10.0.0.9), with the assignor range: Kafka would refuse us`,
        '    → stop those members, or choose another kafka.prefix',
      ]),
    ],
    [
      'a group whose members read other topics',
      (admin) => ({
        group: async (group) => {
          const members = [member('cio.track.raw', 'mine'), member('cio.track.raw')]
          const info = await admin.group(group)
          return group === 'trackbridge.process' ? { ...info, assignor: 'RoundRobinAssigner', members } : info
        },
      }),
      [
        '! group trackbridge.process: has 1 member (other at 10.0.0.9) that also read mine: partitions that they are given stand still for us',
        '    → stop those members, or choose another kafka.prefix',
      ],
    ],
    [
      'a group that may not be read in',
      (admin) => ({
        group: async (group) => ({
          ...(await admin.group(group)),
          operations: new Set([group.endsWith('api') ? ('Describe' as const) : ('Read' as const)]),
        }),
      }),
      [
        '✗ group trackbridge.sink.api: User:ANONYMOUS may not read in it',
        '    → kafka-acls.sh --bootstrap-server a:9092 --add --allow-principal User:ANONYMOUS --operation Read --group trackbridge.sink.api',
      ],
    ],
    [
      'records that were deleted before they were read',
      () => ({
        groupOffsets: async () => new Map([[0, 3]]),
        watermarks: async (topic) => new Map([[0, { earliest: topic === 'cio.track.raw' ? 10 : 0, lastStable: 10 }]]),
        offsetsSince: async (_topic, timestampMs) => new Map([[0, timestampMs > Date.now() ? 10 : 0]]),
      }),
      [
        '✗ group trackbridge.process: 7 offsets of cio.track.raw were deleted before they were read',
        '    → raise retention.ms of cio.track.raw; what is deleted cannot be read again from there',
      ],
    ],
    [
      'a backlog that will not live long enough',
      () => ({
        groupOffsets: async () => new Map([[0, 3]]),
        watermarks: async () =>
          new Map([
            [0, { earliest: 0, lastStable: 10 }],
            [1, { earliest: 0, lastStable: 0 }],
          ]),
        // 4 days ago the topic ended at 5: what has waited for longer is unread.
        offsetsSince: async (topic, timestampMs) =>
          new Map([
            [
              0,
              timestampMs > Date.now() ? 10 : topic === 'cio.track.raw' && timestampMs > Date.now() - 4 * day ? 5 : 0,
            ],
            [1, 0],
          ]),
      }),
      [
        '! group trackbridge.process: records of cio.track.raw in 1 partition wait unread for more than 50 % of the retention of 7 days, after which they are deleted',
        '    → raise retention.ms of cio.track.raw until the backlog is read',
        '    or let it catch up: more replicas or --workers, up to one for each partition',
      ],
    ],
    [
      'a transactional id that may not be used',
      (admin) => ({
        standings: async (names) =>
          names[0] === '__transaction_state'
            ? new Map([['__transaction_state', 'denied' as const]])
            : admin.standings(names),
        reachTransactionalId: async () => Promise.reject(new TrackbridgeError('TB_KAFKA_UNAUTHORIZED', 'denied')),
      }),
      [
        '✗ transactional ids trackbridge.process.*: may not be used',
        '    → kafka-acls.sh --bootstrap-server a:9092 --add --allow-principal User:ANONYMOUS --operation Write --transactional-id trackbridge.process. --resource-pattern-type prefixed',
      ],
    ],
  ])('%s', async (_, change, lines) => {
    const { stdout } = await check(cluster(), change)
    expect(amiss(stdout).filter((line) => !line.startsWith('- '))).toEqual(lines)
  })

  test('min.insync.replicas that leave no broker to lose, and those that are not met', async () => {
    const broker = cluster(['cio.unsupported', 'cio.dead-letters'])
    const settings = { ...own, 'min.insync.replicas': '2' }
    for (const name of ['cio.unsupported', 'cio.dead-letters']) {
      broker.createTopic(name, 2, settings)
    }
    const { stdout } = await check(broker, twoCopies)
    expect(amiss(stdout)).toEqual([
      '✗ topic cio.dead-letters: 1 of 1 partition have less replicas in sync than min.insync.replicas, 2: they take no records',
      '    → bring the missing brokers back',
      '! topic cio.unsupported: min.insync.replicas is 2, as many as there are copies: one broker less, and it takes no records',
      '    → set min.insync.replicas to 1, or add copies',
    ])
  })

  test('records from the future', async () => {
    const broker = cluster()
    broker.append([{ topic: 'cio.track.raw', timestamp: Date.now() + 3_600_000 }])
    const { stdout } = await check(broker)
    expect(amiss(stdout)).toEqual([
      '! clocks: records of cio.track.raw bear a time that is more than 1 minute ahead of the clock of this machine',
      '    → set the clocks of this machine, the brokers and the producers',
    ])
  })

  test('a pattern that matches no topic', async () => {
    const path = configFile({ ...document, raw: { pattern: 'none.*' } })
    const parts = { createBroker: async () => cluster(), probe: answering({ status: 400 }) }
    const { exitCode, stdout } = await runCommand(['check', '--config', path, '--for', 'process'], parts)
    expect(amiss(stdout)).toContain('✗ raw topics: no topic matches raw.pattern, none.*, that may be described')
    expect(exitCode).toBe(1)
  })
})
