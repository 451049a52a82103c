// `trackbridge process` under attack: its topics, raw records, configuration, and the account over what it has written.
import { systemClock } from '../../src/clock.ts'
import { createLedger, type Account } from '../../test/support/accounting.ts'
import { readWithJava } from '../../test/support/committed-reader.ts'
import { mixedCalls } from '../../test/support/mixed-calls.ts'
import { baseConfig, changed } from '../leg-config.ts'
import type { Leg } from '../scenario.ts'
import type { Scene, Setting, Subject } from '../subject.ts'
import { createWriter } from '../writer.ts'
import { jsonForm, openAvroForm, type RecordForm } from './avro-form.ts'
import { scenarios } from './catalogue.ts'
import { reading } from './reading.ts'
import type { Stage, Topics } from './scenario.ts'

const people = 1_000
/** Longer than any transaction timeout of the legs. */
const openTransactionsMs = 45_000

/** What `npm run faults -- process` attacks. Its choice `commit` is the value of `process.commit`,
 *  `format` that of all topics. */
export const processSubject: Subject<Stage, Account> = {
  command: 'process',
  scenarios,
  reading,
  open,
}

async function open(scene: Scene): Promise<Setting<Stage, Account>> {
  const { prefix, partitions } = scene
  const topics: Topics = {
    raw: `${prefix}.raw`,
    destination: `${prefix}.main`,
    deadLetters: `${prefix}.dlq`,
    unsupported: `${prefix}.unsupported`,
    partitions,
  }
  const writer = createWriter(scene.kafka, topics.raw)
  const form = scene.choices['format'] === 'avro' ? await openAvroForm(topics) : jsonForm
  return {
    topics: allOf(topics),
    group: `${prefix}.process`,
    source: topics.raw,
    async feed(count) {
      const calls = mixedCalls({ topic: topics.raw, count, partitions, people, timestamp: systemClock.now() })
      await writer.write(
        calls.map(({ timestamp, partition, key, value }) => ({
          partition,
          key,
          value: form.encode(value),
          timestamp: String(timestamp),
        })),
      )
    },
    configOf: (name, { config }) => changed(form.config(configOf(scene, name, topics)), config),
    isOwned: (legs) => isOwned(legs, partitions),
    dress: (stage) => ({ ...stage, topics }),
    takeAccount: () => takeAccount(scene, topics, form),
    close: async () => {
      await Promise.all([writer.close(), form.close()])
    },
  }
}

const allOf = ({ raw, destination, deadLetters, unsupported }: Topics): readonly string[] => [
  raw,
  destination,
  deadLetters,
  unsupported,
]

function isOwned(legs: readonly Leg[], partitions: number): boolean {
  const shares = legs.map((leg) => leg.assigned())
  return shares.every((share) => share > 0) && shares.reduce((sum, share) => sum + share, 0) === partitions
}

// Small chunks, so that many transactions go by.
function configOf(
  { cluster, prefix, choices: { commit } }: Scene,
  name: string,
  topics: Topics,
): Readonly<Record<string, object>> {
  return {
    ...baseConfig(cluster, name, prefix),
    raw: { topic: topics.raw },
    destinations: [{ name: 'main', topic: topics.destination }],
    deadLetters: { topic: topics.deadLetters },
    unsupported: { topic: topics.unsupported },
    process: { chunkRecords: 50, maxBytesPerPartition: 32_768, ...(commit === undefined ? {} : { commit }) },
  }
}

async function takeAccount({ cluster }: Scene, topics: Topics, form: RecordForm): Promise<Account> {
  const { raw, destination, deadLetters, unsupported } = topics
  const ledger = createLedger({ destinations: [destination], deadLetters, unsupported })
  // The raw topic first: the ledger wants all raw records before the first output.
  const end = await readWithJava(
    { jars: cluster.jars, brokers: cluster.direct, topics: allOf(topics), openTransactionsMs, bytes: true },
    (record) => (record.topic === raw ? ledger.addRaw(form.decode(record)) : ledger.addOutput(record)),
  )
  if ('open' in end) throw new Error(`a transaction was left open: ${end.open}`)
  return ledger.close()
}
