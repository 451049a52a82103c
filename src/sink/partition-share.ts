// Which part of a destination's topic is ours, for a rate that processes share. In: assignments. Out: the numbers of
// partitions for the rate limit, those of the whole topic asked from Kafka. Ruled by sink.md, "Facts of the API".
//
//   A smaller part counts at once. A larger one only after Kafka was asked how many partitions there are now: where some
//   were added, whoever knew only the old number would take too much.
import type { Log } from '../ops/log.ts'
import type { DestinationDeps, DestinationOptions } from './destination-state.ts'

export interface PartitionShare {
  /** So many are ours from now on. Returns at once. */
  own(partitions: number): void
  /** Resolves when it has come to its end, after the signal. */
  readonly ended: Promise<void>
}

const askAgainMs = 5_000

/** Goes on until `signal` aborts; asks Kafka only where the rate is shared. */
export function followPartitions(
  deps: Pick<DestinationDeps, 'broker' | 'clock' | 'rate'> & { readonly log: Log },
  { topic, isRateShared, ...options }: Pick<DestinationOptions, 'topic' | 'isRateShared' | 'partitions'>,
  signal: AbortSignal,
): PartitionShare {
  let all = options.partitions
  // Of the last assignment; null before the first, for which what was asked at the start is fresh enough.
  let owned: number | null = null
  let counted = { owned: 0, all }
  let news = Promise.withResolvers<void>()

  const count = (partitions: number): void => {
    counted = { owned: partitions, all }
    deps.rate.own(partitions, all)
  }
  const ask = async (): Promise<void> => {
    const admin = await deps.broker.admin()
    try {
      all = (await admin.topics([topic])).get(topic)?.partitions ?? all
    } finally {
      await admin.close()
    }
  }
  const follow = async (): Promise<void> => {
    signal.addEventListener('abort', () => news.resolve(), { once: true })
    while (!signal.aborted) {
      await news.promise
      if (signal.aborted) return
      news = Promise.withResolvers<void>()
      try {
        await ask()
        if (owned !== null) count(owned)
      } catch (error) {
        deps.log.warn({ topic, err: error }, 'the number of partitions is not known; the rate stays as it is')
        await deps.clock.sleep(askAgainMs, signal)
        news.resolve()
      }
    }
  }

  return {
    own(partitions) {
      const isFirst = owned === null
      owned = partitions
      if (isFirst || !isRateShared || partitions / all <= counted.owned / counted.all) count(partitions)
      if (!isFirst) news.resolve()
    },
    ended: isRateShared ? follow() : Promise.resolve(),
  }
}
