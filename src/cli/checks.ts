// What `trackbridge check` finds out, without side effects. In: Config, a broker, a probe of the API. Out: items, each
// ok, warning, failed or skipped. Ruled by product.md, "Commands".
import type { Config, DestinationConfig, SinkConfig } from '../config/schema.ts'
import type { Admin, Broker } from '../kafka/broker.ts'
import { planTopics, readTopicPlan, toolOptions, wantedTopics, type TopicPlan } from '../kafka/topics.ts'
import { sinkGroup } from '../sink/sink.ts'
import { processGroup } from './group-names.ts'
import type { Mark } from './output.ts'

/** One line of the list, e.g. `{name: 'Kafka', state: 'ok', details: ['3 brokers']}`. */
export interface CheckItem {
  readonly name: string
  readonly state: Mark
  readonly details: readonly string[]
}

export type ProbeAnswer = { readonly status: number } | { readonly networkError: string }

/** The Pipelines API: POSTs an empty batch to `<url>/batch` with X-Strict-Mode: 1. Any other endpoint takes whatever it is
 *  sent, so it is only asked with OPTIONS, without credentials. Never rejects for an answer or a network error. */
export type Probe = (sink: SinkConfig, signal: AbortSignal) => Promise<ProbeAnswer>

/** True when nothing has failed or was skipped; warnings are allowed. */
export const passes = (items: readonly CheckItem[]): boolean =>
  items.every(({ state }) => state === 'ok' || state === 'warning')

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

/** Cluster, topics, group offsets. Never rejects: what fails is an item, and what depends on it is skipped. */
export async function kafkaItems(
  open: () => Promise<Pick<Broker, 'admin'>>,
  config: Config,
): Promise<readonly CheckItem[]> {
  let admin: Admin
  try {
    admin = await (await open()).admin()
  } catch (error) {
    return unreached(config, error)
  }
  try {
    const count = await admin.brokerCount()
    const kafka = {
      name: 'Kafka',
      state: 'ok',
      details: [`reached, ${count} broker${count === 1 ? '' : 's'}`],
    } as const
    return [kafka, ...(await topicAndGroupItems(admin, config))]
  } catch (error) {
    return unreached(config, error)
  } finally {
    await admin.close().catch(() => undefined)
  }
}

function unreached(config: Config, error: unknown): readonly CheckItem[] {
  const topics = wantedTopics(config, undefined).map(({ name }) => `topic ${name}`)
  const groups = groupsOf(config).map(({ group }) => `group ${group}`)
  const skipped = [...topics, ...groups].map((name) => skip(name, 'Kafka is not reached'))
  return [{ name: 'Kafka', state: 'failed', details: [messageOf(error)] }, ...skipped]
}

const skip = (name: string, why: string): CheckItem => ({ name, state: 'skipped', details: [`not checked: ${why}`] })

async function topicAndGroupItems(admin: Admin, config: Config): Promise<readonly CheckItem[]> {
  const plan = await readTopicPlan(admin, config).catch(messageOf)
  if (typeof plan === 'string') {
    const wanted = planTopics(wantedTopics(config, undefined), new Map(), toolOptions(config.kafka))
    const denied = wanted.map(({ name }) => ({ name: `topic ${name}`, state: 'failed', details: [plan] }) as const)
    return [...denied, ...(await groupItems(admin, [], config))]
  }
  return [...plan.map(topicItem), ...(await groupItems(admin, plan, config))]
}

function topicItem({ name, state, details, command, wanted }: TopicPlan): CheckItem {
  const item = { name: `topic ${name}` }
  switch (state) {
    case 'ok':
      return { ...item, state: 'ok', details: ['exists with the right partitions and settings'] }
    case 'missing':
      return {
        ...item,
        state: 'failed',
        details: [`does not exist; it needs ${wanted.partitions} partitions`, command],
      }
    case 'warning':
      return { ...item, state: 'warning', details }
    case 'wrong':
      return { ...item, state: 'failed', details }
  }
}

interface GroupOfTopic {
  readonly group: string
  readonly topic: string
}

function groupsOf(config: Config): readonly GroupOfTopic[] {
  const { prefix } = config.kafka
  const sinks = config.destinations.filter(({ sink }) => sink !== undefined)
  return [
    { group: processGroup(prefix), topic: config.raw.topic },
    ...sinks.map(({ name, topic }) => ({ group: sinkGroup(prefix, name), topic })),
  ]
}

const groupItems = (admin: Admin, plan: readonly TopicPlan[], config: Config) =>
  Promise.all(groupsOf(config).map((group) => groupItem(admin, plan, group)))

async function groupItem(admin: Admin, plan: readonly TopicPlan[], { group, topic }: GroupOfTopic): Promise<CheckItem> {
  const name = `group ${group}`
  if (plan.some((entry) => entry.name === topic && entry.state === 'missing'))
    return skip(name, `${topic} does not exist`)
  try {
    const { size } = await admin.groupOffsets(group, topic)
    const offsets = size === 0 ? 'none, so it begins at the earliest record' : `${size} of its partitions`
    return { name, state: 'ok', details: [`committed offsets of ${topic}: ${offsets}`] }
  } catch (error) {
    return { name, state: 'failed', details: [messageOf(error)] }
  }
}

/** Each destination with a sink: is the API there, and does it take the key? Never rejects. */
export async function apiItems(config: Config, probe: Probe, signal: AbortSignal): Promise<readonly CheckItem[]> {
  const items = config.destinations.map(async ({ name, sink }: DestinationConfig) => {
    if (sink === undefined) return []
    const answer = await probe(sink, signal).catch((error: unknown) => ({ networkError: messageOf(error) }))
    return [{ name: `API of ${name}`, ...judgeProbe(answer, sink) }]
  })
  return (await Promise.all(items)).flat()
}

/** What an answer to the probe proves. 400 is the API refusing the empty batch of a key that it knows. Of an endpoint that
 *  is none of Pipelines any answer but the proxy's own proves that it is there, and none that it takes the credentials. */
export function judgeProbe(
  answer: ProbeAnswer,
  { url, format }: Pick<SinkConfig, 'url' | 'format'>,
): Omit<CheckItem, 'name'> {
  if ('networkError' in answer) return { state: 'failed', details: [`${url} is not reached: ${answer.networkError}`] }
  const { status } = answer
  if (format !== 'pipelines' && status !== 407) {
    const details = [`${url} is reached; only the first batch shows whether it takes messages and credentials`]
    return { state: 'ok', details }
  }
  if (status === 400 || (status >= 200 && status < 300))
    return { state: 'ok', details: [`${url} is reached and takes the API key`] }
  const why =
    refusals[status] ?? (status >= 300 && status < 400 ? 'it redirects; name the final address in url' : undefined)
  return { state: 'failed', details: [`${url} answers ${status}${why === undefined ? '' : `: ${why}`}`] }
}

const refusals: Readonly<Record<number, string>> = {
  401: 'the API key is refused',
  403: 'the API key is refused',
  404: 'no Pipelines API is there',
  407: 'the proxy wants a user name and password',
  429: 'too many requests, so the API key is not proved; try again later',
}
