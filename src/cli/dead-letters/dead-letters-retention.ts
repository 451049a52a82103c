// Until when Kafka keeps what stands on a topic, for people. In: when the last record was written and the topic's settings.
// Out: sentences. Pure. Kafka deletes whole segments from the beginning of a partition: a record goes when the newest one of
// its segment is older than retention.ms, and a segment grows for segment.ms at most.
import { isoOf } from '../../dead-letters/exported.ts'
import type { ForgottenTopic } from '../../dead-letters/forget.ts'

type Kept = Pick<ForgottenTopic, 'lastMs' | 'settings'> & { readonly nowMs: number }

/** How often brokers look, and how long a deleted segment's file stays: Kafka's defaults. */
const slackMs = 360_000

/** The latest time at which the last record goes, milliseconds since 1970; null where Kafka never deletes it, or the
 *  settings may not be read. */
export function lastByteMs({ lastMs, settings, nowMs }: Kept): number | null {
  const [retentionMs, segmentMs] = [numberOf(settings['retention.ms']), numberOf(settings['segment.ms'])]
  const isCompacted = settings['cleanup.policy']?.includes('delete') === false
  if (lastMs === null || retentionMs === undefined || segmentMs === undefined) return null
  // With CreateTime a record may have come long after its timestamp.
  const fromMs = settings['message.timestamp.type'] === 'LogAppendTime' ? lastMs : Math.max(lastMs, nowMs)
  return retentionMs < 0 || isCompacted ? null : fromMs + segmentMs + retentionMs + slackMs
}

const numberOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text))

/** What becomes of the bytes. */
export function retentionText(kept: Kept & Pick<ForgottenTopic, 'topic'>): readonly string[] {
  const { settings, topic } = kept
  const retention = settings['retention.ms']
  const intro = 'the bytes stay on the topic until Kafka deletes them'
  if (retention === undefined)
    return [
      `${intro}: its settings may not be read (DescribeConfigs; "trackbridge check --acls" prints how to grant it)`,
    ]
  if (settings['cleanup.policy']?.includes('delete') === false)
    return [`${intro}, and with cleanup.policy ${settings['cleanup.policy']} it never does by time: ${byHand(topic)}`]
  const untilMs = lastByteMs(kept)
  if (Number(retention) < 0 || untilMs === null)
    return [`${intro}, and with retention.ms ${retention} it never does by time: ${byHand(topic)}`]
  return [`${intro}: with retention.ms ${retention} the last one goes by ${isoOf(untilMs)}; sooner: ${byHand(topic)}`]
}

const byHand = (topic: string): string => `kafka-delete-records.sh takes all of ${topic} before an offset`
