// The dead-letter topic is missing, deleted, too small or closed to us: the partition that needs it stands still and says so,
// the others go on, nothing is skipped, and all goes on when it is mended, after a restart where it has stopped for good.
import type { Admin } from 'kafkajs'
import { kafkajs } from '../../../test/support/cluster-state.ts'
import type { Leg, Scenario, Stage } from '../scenario.ts'
import { watchStandstill } from '../../standstill.ts'

interface Scene {
  readonly stage: Stage
  readonly admin: Admin
  readonly portion: number
}

interface Form {
  readonly name: string
  readonly strike: (scene: Scene) => Promise<void>
  readonly mend: (scene: Scene) => Promise<void>
}

/** Where the messages that become dead letters stand. */
const struckPartition = 3
/** Longer than between two commits of the sink. */
const settleMs = 1_500
const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ConfigResourceTypes, ResourcePatternTypes } = kafkajs
const anyone = { principal: 'User:ANONYMOUS', host: '*' }

// Each once at most: only the first one may take the topic away.
const forms: readonly Form[] = [
  {
    // Before any dead letter: they would be gone with it.
    name: 'dead-letter topic deleted',
    strike: async ({ stage, admin }) => admin.deleteTopics({ topics: [stage.topics.deadLetters] }),
    mend: create,
  },
  {
    name: 'dead letters too large for their topic',
    strike: (scene) => setLargest(scene, '200'),
    mend: (scene) => setLargest(scene, '1048588'),
  },
  {
    name: 'writing dead letters not authorised',
    async strike({ stage, admin }) {
      await admin.createAcls({ acl: [rule(stage, 'ALL', 'ALLOW'), rule(stage, 'WRITE', 'DENY')] })
    },
    async mend({ stage, admin }) {
      await admin.deleteAcls({ filters: [rule(stage, 'WRITE', 'DENY'), rule(stage, 'ALL', 'ALLOW')] })
    },
  },
]

/** Where what cannot be delivered goes. */
export const deadLetters: Scenario = {
  name: 'dead-letters',
  promise: 'where dead letters cannot be written a partition stands still and says so, and nothing is skipped',
  brokers: 1,
  usual: { rounds: forms.length, records: 500 * forms.length },
  short: { rounds: 2, records: 300 },
  async run(stage) {
    const admin = stage.kafka.admin()
    await admin.connect()
    const portion = Math.ceil(stage.size.records / stage.size.rounds)
    try {
      await expectRefusal(stage)
      let leg = stage.start()
      for (const form of forms.slice(0, stage.size.rounds)) leg = await strike({ stage, admin, portion }, form, leg)
    } finally {
      await admin.disconnect()
    }
  },
}

/** Nothing is touched: exit code 2, and the topic is named. */
async function expectRefusal(stage: Stage): Promise<void> {
  const topic = `${stage.topics.deadLetters}.missing`
  stage.struck('dead-letter topic missing at the start')
  // In JSON, so that it is the topic that is missing, and no schema.
  const refused = stage.start({ mayEnd: true, config: { deadLetters: { topic, format: 'json' } } })
  await stage.until('a leg without dead-letter topic ends', () => refused.isOver())
  const { code } = await refused.ended
  const text = refused.lines.map(({ msg }) => String(msg)).join('\n')
  if (code !== 2 || !text.includes('error TB_TOPIC_MISSING') || !text.includes(topic))
    stage.complain(`no dead-letter topic: ended with ${String(code)}, 2 wanted\n${refused.tail()}`)
}

async function strike(scene: Scene, form: Form, leg: Leg): Promise<Leg> {
  const { stage, portion } = scene
  await stage.untilOwned([leg])
  stage.under(form.name)
  const fromLine = leg.lines.length
  await form.strike(scene)
  await stage.feedMixed(portion, { rejected: 0.2, partition: struckPartition })
  stage.struck(form.name)
  await stage.until('all other partitions are done', () => stage.progress.left().join() === String(struckPartition))
  await watchStandstill(stage, { fault: form.name, leg, says: /dead.letter/i, fromLine, settleMs })
  await form.mend(scene)
  const going = hasStopped(leg) ? await restart(stage, leg) : leg
  await stage.untilAllDone()
  return going
}

const hasStopped = (leg: Leg): boolean =>
  leg.lines.some((line) => String(line['why']).includes('TB_DEAD_LETTER_REFUSED'))

async function restart(stage: Stage, leg: Leg): Promise<Leg> {
  leg.send('SIGTERM')
  await stage.until(`${leg.name} ends`, () => leg.isOver())
  const { code, signal } = await leg.ended
  if (code !== 0) stage.complain(`${leg.name} ended with ${String(code ?? signal)} after SIGTERM\n${leg.tail()}`)
  return stage.start()
}

async function create({ stage, admin }: Scene): Promise<void> {
  const { deadLetters: topic, partitions: numPartitions } = stage.topics
  // Of a deleted topic the last traces go a moment later.
  await stage.until(`${topic} is created`, () =>
    admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: false }).catch(() => false),
  )
}

async function setLargest({ stage, admin }: Scene, bytes: string): Promise<void> {
  const configEntries = [{ name: 'max.message.bytes', value: bytes }]
  const resource = { type: ConfigResourceTypes.TOPIC, name: stage.topics.deadLetters, configEntries }
  await admin.alterConfigs({ validateOnly: false, resources: [resource] })
}

function rule({ topics }: Stage, operation: 'ALL' | 'WRITE', permission: 'ALLOW' | 'DENY') {
  return {
    resourceType: AclResourceTypes.TOPIC,
    resourceName: topics.deadLetters,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    ...anyone,
    operation: AclOperationTypes[operation],
    permissionType: AclPermissionTypes[permission],
  }
}
