// Three brokers, every partition with three copies, two of which must be in sync: a leader killed, coordinators killed, a
// rolling restart, a topic without enough copies for a while. Two processes.
import { kafkajs, leadersOf } from '../../test/support/cluster-state.ts'
import { strikeInTheMidst } from '../strike.ts'
import type { Scenario, Stage } from '../process/scenario.ts'

type Form = (stage: Stage, portion: number) => Promise<void>

/** Killed, the work goes on without it, started again. */
async function killAndStart(stage: Stage, broker: number, fault: string): Promise<void> {
  stage.struck(fault)
  await stage.cluster.kill(broker)
  await stage.until('the work goes on without the broker', () => stage.progress.done() >= stage.progress.fed())
  await stage.cluster.start(broker)
  await stage.cluster.waitUntilInSync()
}

const forms: readonly Form[] = [
  async (stage) => {
    const broker = await leader(stage, stage.topics.destination, 0)
    await killAndStart(stage, broker, 'leader killed')
  },
  async (stage) => {
    const partition = coordinatorPartition(stage.group, 4)
    const broker = await leader(stage, '__consumer_offsets', partition)
    await killAndStart(stage, broker, "group's coordinator killed")
  },
  async (stage, portion) => {
    stage.struck('rolling restart')
    for (let broker = 0; broker < stage.cluster.size; broker++) {
      const fed = stage.feed(Math.ceil(portion / 4))
      await stage.cluster.terminate(broker)
      await stage.cluster.start(broker)
      await fed
      await stage.cluster.waitUntilInSync()
    }
  },
  async (stage) => {
    const partition = coordinatorPartition(`${stage.group}.${stage.topics.raw}.0`, 4)
    const broker = await leader(stage, '__transaction_state', partition)
    await killAndStart(stage, broker, "a transaction's coordinator killed")
  },
  tooFewCopies,
]

/** A cluster of three. */
export const threeBrokers: Scenario = {
  name: 'three-brokers',
  promise: 'brokers of a cluster die, restart and lack copies, and the work goes on by itself',
  brokers: 3,
  usual: { rounds: 5, records: 30_000 },
  short: { rounds: 1, records: 4_000 },
  async run(stage) {
    await strikeInTheMidst(stage, forms, (form, portion) => form(stage, portion))
  },
}

// All three copies are wanted of the destination, and one broker is gone: writes to it are refused until it is back.
async function tooFewCopies(stage: Stage): Promise<void> {
  await requireCopies(stage, 3)
  stage.struck('too few copies')
  const broker = 1 + Math.floor(stage.random() * 2)
  await stage.cluster.kill(broker)
  let stoodAt = -1
  const standsStill = (): boolean => {
    const before = stoodAt
    stoodAt = stage.progress.done()
    return before === stoodAt && stoodAt < stage.progress.fed()
  }
  await stage.until('records wait for the copy', standsStill)
  await stage.cluster.start(broker)
  await stage.cluster.waitUntilInSync()
  await stage.until('the work is done', () => stage.progress.done() >= stage.progress.fed())
  await requireCopies(stage, 2)
}

async function requireCopies({ kafka, topics }: Stage, copies: number): Promise<void> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    const configEntries = [{ name: 'min.insync.replicas', value: String(copies) }]
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topics.destination, configEntries }],
    })
  } finally {
    await admin.disconnect()
  }
}

/** Number of the broker that leads a partition. Rejects when there is none. */
async function leader({ cluster }: Stage, topic: string, partition: number): Promise<number> {
  const leaders = await leadersOf(cluster.direct, topic)
  const nodeId = leaders.get(partition) ?? -1
  const broker = cluster.direct.findIndex((_address, index) => cluster.nodeId(index) === nodeId)
  if (broker < 0) throw new Error(`${topic}/${partition} has no leader`)
  return broker
}

/** The partition of an internal topic that a group or transactional id belongs to: Java's hash of the text, modulo. */
function coordinatorPartition(id: string, partitions: number): number {
  let hash = 0
  for (let index = 0; index < id.length; index++) hash = (Math.imul(31, hash) + id.charCodeAt(index)) | 0
  return (hash & 0x7fffffff) % partitions
}
