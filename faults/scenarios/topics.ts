// Topics that are not as they should be: missing, deleted, too small, closed to us, with new partitions. A second
// destination is struck, so that the account over the first one still holds: a chunk is written to both or to none.
import { createRequire } from 'node:module'
import type * as Kafkajs from 'kafkajs'
import type { Admin } from 'kafkajs'
import { systemClock } from '../../src/clock.ts'
import { mixedCalls } from '../../test/support/mixed-calls.ts'
import type { Leg, LegOptions, Scenario, Stage } from '../process/scenario.ts'
import { watchStandstill } from '../standstill.ts'
import { oftenEnough } from '../strike.ts'

interface Scene {
  readonly stage: Stage
  readonly admin: Admin
  /** Name of the second destination's topic; it does not exist yet. */
  readonly spare: string
  readonly portion: number
  /** Partitions that the raw topic and those made from it have now. */
  readonly partitions: number
  /** A leg that writes to both destinations. */
  readonly start: (options?: Pick<LegOptions, 'mayEnd'>) => Leg
}

/** Strikes and mends; gives the partitions that the raw topic has after it, where it has changed them. */
type Form = (scene: Scene) => Promise<void | number>

async function missing(scene: Scene): Promise<void> {
  scene.stage.struck('destination missing at the start')
  await expectRefusal(scene)
  await create(scene)
  await work(scene, scene.start())
}

async function tooFew(scene: Scene): Promise<void> {
  await create(scene, { partitions: 2 })
  scene.stage.struck('destination with too few partitions at the start')
  await expectRefusal(scene)
  await scene.admin.createPartitions({ topicPartitions: [{ topic: scene.spare, count: scene.partitions }] })
  await work(scene, scene.start())
}

/** Nothing is touched: exit code 2, and the topic is named. */
async function expectRefusal({ stage, spare, start }: Scene): Promise<void> {
  const refused = start({ mayEnd: true })
  await stage.until('a leg whose topic is not as it should be ends', () => refused.isOver())
  const { code } = await refused.ended
  const text = refused.lines.map(({ msg }) => String(msg)).join('\n')
  if (code !== 2 || !says(text, 'error TB_TOPIC_MISSING') || !says(text, spare))
    stage.complain(`a topic that is not as it should be: ended with ${String(code)}, 2 wanted\n${refused.tail()}`)
}

async function deleted(scene: Scene): Promise<void> {
  const { stage, admin, spare } = scene
  await create(scene)
  const leg = scene.start()
  await begin(scene, leg)
  await admin.deleteTopics({ topics: [spare] })
  stage.struck('destination deleted')
  await stage.feed(scene.portion)
  await watchStandstill(stage, { fault: 'destination deleted', leg, says: mentions(spare) })
  await create(scene)
  await finish(scene, leg)
}

async function tooLarge(scene: Scene): Promise<void> {
  const { stage } = scene
  await create(scene, { settings: { 'max.message.bytes': '2000' } })
  stage.struck('chunks larger than the topic accepts')
  const leg = scene.start()
  await work(scene, leg)
  // The session splits by encoded size; where that does not do, the task halves the chunk.
  const split = /it is split|batches of at most \d+ bytes/
  if (!leg.lines.some((line) => split.test(JSON.stringify(line)))) stage.complain(`nothing was split\n${leg.tail()}`)
}

// Not among the names of kafkajs that a module can import.
const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = createRequire(
  import.meta.url,
)('kafkajs') as typeof Kafkajs
const anyone = { principal: 'User:ANONYMOUS', host: '*' }

async function denied(scene: Scene): Promise<void> {
  const { stage, admin, spare } = scene
  await create(scene)
  const leg = scene.start()
  await begin(scene, leg)
  const resource = { resourceType: AclResourceTypes.TOPIC, resourceName: spare }
  const rule = { ...resource, ...anyone, resourcePatternType: ResourcePatternTypes.LITERAL }
  const allow = { ...rule, operation: AclOperationTypes.ALL, permissionType: AclPermissionTypes.ALLOW }
  const deny = { ...rule, operation: AclOperationTypes.WRITE, permissionType: AclPermissionTypes.DENY }
  await admin.createAcls({ acl: [allow, deny] })
  stage.struck('writing not authorised')
  await stage.feed(scene.portion)
  await watchStandstill(stage, { fault: 'writing not authorised', leg, says: mentions('TB_KAFKA_UNAUTHORIZED') })
  await admin.deleteAcls({ filters: [deny] })
  await finish(scene, leg)
  await admin.deleteAcls({ filters: [allow] })
}

async function grown(scene: Scene): Promise<number> {
  const { stage, admin, spare } = scene
  const { raw, destination, deadLetters, unsupported } = stage.topics
  await create(scene)
  const leg = scene.start()
  await begin(scene, leg)
  const partitions = scene.partitions + 2
  await admin.createPartitions({ topicPartitions: [{ topic: raw, count: partitions }] })
  stage.struck('raw partitions added')
  await feedNew(scene, partitions)
  await watchStandstill(stage, {
    fault: 'raw partitions added',
    leg,
    says: /has \d+ partitions, raw partition \S+ needs/,
  })
  const others = [destination, spare, deadLetters, unsupported]
  await admin.createPartitions({ topicPartitions: others.map((topic) => ({ topic, count: partitions })) })
  await finish(scene, leg)
  return partitions
}

/** Records for the partitions that are new. */
async function feedNew({ stage, partitions: before, portion }: Scene, partitions: number): Promise<void> {
  const producer = stage.kafka.producer({ allowAutoTopicCreation: false })
  await producer.connect()
  const topic = stage.topics.raw
  const calls = mixedCalls({ topic, count: portion, partitions, people: 1_000, timestamp: systemClock.now() })
  const messages = calls
    .filter(({ partition }) => partition >= before)
    .map(({ partition, key, value, timestamp }) => ({ partition, key, value, timestamp: String(timestamp) }))
  await stage.until('new raw partitions take records', () =>
    producer.send({ topic, messages, acks: -1 }).then(
      () => true,
      () => false,
    ),
  )
  await producer.disconnect()
}

const says = (text: unknown, part: string): boolean => String(text).includes(part)
const mentions = (text: string): RegExp => new RegExp(text.replaceAll('.', String.raw`\.`))

interface Shape {
  readonly partitions?: number
  readonly settings?: Readonly<Record<string, string>>
}

async function create({ stage, admin, spare, partitions }: Scene, shape: Shape = {}): Promise<void> {
  const configEntries = Object.entries(shape.settings ?? {}).map(([name, value]) => ({ name, value }))
  const spec = { topic: spare, numPartitions: shape.partitions ?? partitions, configEntries }
  // Of a deleted topic the last traces go a moment later.
  await stage.until(`${spare} is created`, () =>
    admin.createTopics({ topics: [spec], waitForLeaders: false }).then(
      (isNew) => isNew,
      () => false,
    ),
  )
  await stage.until(`${spare} has leaders`, async () => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [spare] }).catch(() => ({ topics: [] }))
    return topics.length > 0 && topics.every((topic) => topic.partitions.every(({ leader }) => leader >= 0))
  })
}

/** Brings a leg to work. */
async function begin({ stage, portion, partitions }: Scene, leg: Leg): Promise<void> {
  await stage.until(`${leg.name} owns ${partitions} partitions`, () => leg.assigned() === partitions)
  await stage.feed(portion)
  await allDone(stage)
}

const allDone = (stage: Stage): Promise<void> =>
  stage.until('the work is done', () => stage.progress.done() >= stage.progress.fed())

/** The fault is mended: the leg goes on by itself, and then ends in order. */
async function finish({ stage }: Scene, leg: Leg): Promise<void> {
  await allDone(stage)
  leg.send('SIGTERM')
  await stage.until(`${leg.name} ends`, () => leg.isOver())
  const { code, signal } = await leg.ended
  if (code !== 0) stage.complain(`${leg.name} ended with ${String(code ?? signal)} after SIGTERM\n${leg.tail()}`)
}

async function work(scene: Scene, leg: Leg): Promise<void> {
  await begin(scene, leg)
  await finish(scene, leg)
}

const forms: readonly Form[] = [deleted, grown, tooFew, denied, missing, tooLarge]

/** One process and a second destination that is struck. */
export const topics: Scenario = {
  name: 'topics',
  promise:
    'a topic that is missing, deleted, too small, closed or new stops what needs it, is named, and is waited for',
  brokers: 1,
  usual: { rounds: forms.length, records: 12_000 },
  short: { rounds: forms.length, records: 3_000 },
  async run(stage) {
    const admin = stage.kafka.admin()
    await admin.connect()
    const spares: string[] = []
    let { partitions } = stage.topics
    const portion = Math.ceil(stage.size.records / stage.size.rounds / 2)
    try {
      for (const [round, form] of oftenEnough(forms, stage.size.rounds).entries()) {
        const spare = `${stage.topics.destination}.spare-${round}`
        spares.push(spare)
        const start: Scene['start'] = (options) => startWith(stage, spare, options)
        partitions = (await form({ stage, admin, spare, portion, partitions, start })) ?? partitions
      }
    } finally {
      await admin.deleteTopics({ topics: spares }).catch(() => undefined)
      await admin.disconnect()
    }
    // The harness wants a leg that ends in order.
    const last = stage.start()
    await stage.until(`${last.name} owns ${partitions} partitions`, () => last.assigned() === partitions)
  },
}

function startWith(stage: Stage, spare: string, options?: Pick<LegOptions, 'mayEnd'>): Leg {
  const destinations = [
    { name: 'main', topic: stage.topics.destination },
    { name: 'spare', topic: spare },
  ]
  return stage.start({ ...options, config: { destinations, process: { metadataMaxAgeMs: 1_000 } } })
}
