// Output topics that would delete what a replay writes soon after it is written: Kafka counts retention from the record's
// own time where the topic has CreateTime. In: the topics, how old the window is. Out: those, with why. Pure. Ruled by
// kafka.md, "Topics": 600,000 replayed records of two months were gone within minutes.
import type { TopicInfo } from '../kafka/broker.ts'

export interface ShortLife {
  readonly topic: string
  readonly retentionMs: number
}

/** `oldestMs`: time of the oldest record that will be written, milliseconds since 1970. A topic whose settings may not be
 *  read is not judged. */
export function shortLives(topics: Iterable<TopicInfo>, oldestMs: number, nowMs: number): readonly ShortLife[] {
  return [...topics].flatMap((info) => {
    const retentionMs = retentionByRecordTime(info)
    return retentionMs !== undefined && oldestMs + retentionMs < nowMs ? [{ topic: info.name, retentionMs }] : []
  })
}

/** How long a topic keeps a record counted from the record's own time, in milliseconds; undefined where it does not go by
 *  that, or keeps records for ever. */
export function retentionByRecordTime({ settings }: TopicInfo): number | undefined {
  if (Object.keys(settings).length === 0) return undefined
  if ((settings['message.timestamp.type'] ?? 'CreateTime') !== 'CreateTime') return undefined
  if (!(settings['cleanup.policy'] ?? 'delete').split(',').includes('delete')) return undefined
  const retentionMs = Number(settings['retention.ms'] ?? 604_800_000)
  return retentionMs >= 0 ? retentionMs : undefined
}
