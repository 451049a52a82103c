// Whether live groups lag so far behind that a replay should hold back. In: groups, with the topics that they read. Out: a
// reason to hold, for people, or none. Lag is the last stable offset less the committed one (kafka.md).
import type { Clock } from '../clock.ts'
import type { Admin } from '../kafka/broker.ts'
import type { Log } from '../ops/log.ts'

export interface LiveGroup {
  readonly group: string
  readonly topics: readonly string[]
}

export interface LagWatch {
  /** Offsets that the groups have not read; those of a topic that a group has never committed do not count. */
  readonly groups: readonly LiveGroup[]
  readonly maxLag: number
  readonly hold: (why: string | undefined) => void
}

type LagAdmin = Pick<Admin, 'watermarks' | 'groupOffsets'>

const lookEveryMs = 2_000

/** Asks every two seconds until `signal` aborts. Never rejects: while Kafka does not answer, it stays as it was. */
export async function watchLiveLag(
  { admin, clock, log }: { readonly admin: LagAdmin; readonly clock: Clock; readonly log: Log },
  { groups, maxLag, hold }: LagWatch,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      hold(await reasonToHold(admin, groups, maxLag))
    } catch (error) {
      log.warn({ err: error }, 'the lag of the live groups cannot be told; asking again')
    }
    await clock.sleep(lookEveryMs, signal)
  }
}

/** `held back: trackbridge.process is 12000 behind, more than 10000`; undefined when no group is. */
export async function reasonToHold(
  admin: LagAdmin,
  groups: readonly LiveGroup[],
  maxLag: number,
): Promise<string | undefined> {
  for (const { group, topics } of groups) {
    let lag = 0
    for (const topic of topics) lag += await lagOf(admin, group, topic)
    if (lag > maxLag) return `${group} is ${lag} behind, more than ${maxLag}`
  }
  return undefined
}

async function lagOf(admin: LagAdmin, group: string, topic: string): Promise<number> {
  const committed = await admin.groupOffsets(group, topic)
  if (committed.size === 0) return 0
  const ends = await admin.watermarks(topic)
  return [...committed].reduce(
    (sum, [partition, next]) => sum + Math.max(0, (ends.get(partition)?.lastStable ?? 0) - next),
    0,
  )
}
