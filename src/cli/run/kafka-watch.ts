// Asks Kafka where the partitions of our groups end, every 10 s and soon after an assignment, all partitions of a topic at
// once. In: the groups' progress. Out: the same, with ends; and whether Kafka answers. Ruled by kafka.md, "lag".
import type { Clock } from '../../clock.ts'
import type { Admin, Broker } from '../../kafka/broker.ts'
import type { GroupProgress, GroupReport } from './group-progress.ts'

export interface KafkaWatch {
  /** Why Kafka counts as not ready; undefined when it answered the last question. */
  notReady(): string | undefined
  /** Resolves when it has come to its end, after the signal. */
  readonly ended: Promise<void>
}

export interface KafkaWatchDeps {
  readonly broker: Pick<Broker, 'admin'>
  readonly clock: Clock
  readonly progress: GroupProgress
}

const askEveryMs = 10_000
const lookEveryMs = 1_000

/** Begins at once; never rejects. */
export function watchKafka(deps: KafkaWatchDeps, signal: AbortSignal): KafkaWatch {
  let why: string | undefined = 'not asked yet'
  let admin: Admin | undefined
  const ask = async (): Promise<void> => {
    try {
      admin ??= await deps.broker.admin()
      await learn(admin, deps.progress)
      why = undefined
    } catch (error) {
      why = error instanceof Error ? error.message : String(error)
      // A new one finds the way again where the old one may not.
      await admin?.close()
      admin = undefined
    }
  }
  const go = async (): Promise<void> => {
    while (!signal.aborted) {
      const version = deps.progress.version()
      await ask()
      const askedMs = deps.clock.now()
      do await deps.clock.sleep(lookEveryMs, signal)
      while (!signal.aborted && deps.clock.now() - askedMs < askEveryMs && deps.progress.version() === version)
    }
    await admin?.close()
  }
  return { notReady: () => why, ended: go() }
}

async function learn(admin: Admin, progress: GroupProgress): Promise<void> {
  const groups = progress.reports().filter(({ partitions }) => partitions.length > 0)
  // Proves as well that Kafka answers.
  if (groups.length === 0) await admin.cluster([])
  const ends = new Map(
    await Promise.all(
      [...new Set(groups.flatMap(topicsOf))].map(async (topic) => [topic, await admin.watermarks(topic)] as const),
    ),
  )
  for (const report of groups) {
    for (const topic of topicsOf(report)) {
      const isUnknown = report.partitions.some((one) => one.topic === topic && one.position === null)
      const committed = isUnknown ? await admin.groupOffsets(report.group, topic) : new Map<number, number>()
      progress.learned(report.group, topic, { ends: ends.get(topic) ?? new Map(), committed })
    }
  }
}

const topicsOf = ({ partitions }: GroupReport): readonly string[] => [...new Set(partitions.map(({ topic }) => topic))]
