// The topics and groups of the demo, made ready before anything consumes. In: the broker port and a configuration. Out:
// topics as `topics apply` makes them, and group coordinators that answer.
import type { Config } from '../../config/schema.ts'
import { TrackbridgeError } from '../../errors.ts'
import type { Admin, Broker } from '../../kafka/broker.ts'
import { identityOf } from '../../kafka/identity.ts'
import { applyTopics, readTopicPlan } from '../../kafka/topics.ts'
import { sinkGroup } from '../../sink/sink.ts'
import { unlessAborted, type CliContext } from '../context.ts'
import { processGroup } from '../group-names.ts'
import { connectionSettings } from '../kafka-settings.ts'

const groupTimeoutMs = 30_000
const groupRetryMs = 100

/** Creates what is missing, and resolves when the cluster knows the groups. Rejects with TB_KAFKA_*. */
export async function createDemoTopics(broker: Broker, config: Config, { clock, signal }: CliContext): Promise<void> {
  const identity = identityOf(connectionSettings(config.kafka))
  const admin = await unlessAborted(signal, broker.admin())
  try {
    await unlessAborted(signal, applyTopics(admin, await readTopicPlan(admin, config, identity)))
    for (const group of groupsOf(config)) await askForGroup(admin, group, { config, clock, signal })
  } finally {
    await admin.close()
  }
}

/** A fresh Kafka makes its own topic for groups at the first question, and refuses consumers until that is loaded. */
async function askForGroup(
  admin: Admin,
  group: string,
  { config, clock, signal }: Pick<CliContext, 'clock' | 'signal'> & { readonly config: Config },
): Promise<void> {
  const deadlineMs = clock.now() + groupTimeoutMs
  for (;;) {
    try {
      await unlessAborted(signal, admin.groupOffsets(group, config.raw.topics[0] ?? ''))
      return
    } catch (error) {
      const mayPass = error instanceof TrackbridgeError && error.code === 'TB_KAFKA_UNAVAILABLE'
      if (!mayPass || clock.now() >= deadlineMs) throw error
      await clock.sleep(groupRetryMs, signal)
    }
  }
}

/** The group of the demo's own reader, e.g. `trackbridge-demo-1a2b3c4d.reader`. */
export const readerGroup = ({ kafka }: Config): string => `${kafka.prefix}.reader`

const groupsOf = (config: Config): readonly string[] => [
  processGroup(config.kafka.prefix),
  ...config.destinations.map(({ name }) => sinkGroup(config.kafka.prefix, name)),
  readerGroup(config),
]
