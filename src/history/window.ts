// A window of history: what --from and --to say -> a range of offsets for each partition. In: text, the time, the admin
// port. Out: ranges whose end is fixed, so that whoever reads a live topic ends. Ruled by product.md, "Commands".
import { TrackbridgeError } from '../errors.ts'
import type { Admin, OffsetRange, TopicPartition, Watermarks } from '../kafka/broker.ts'

/** One end of a window. A place names one partition; all others have no such end. */
export type Point =
  | { readonly kind: 'earliest' }
  | { readonly kind: 'latest' }
  | { readonly kind: 'time'; readonly timestampMs: number }
  | ({ readonly kind: 'place' } & Place)

/** Where one record stands. */
export interface Place extends TopicPartition {
  readonly offset: number
}

/** What is there of a window in one partition. `from` = `to`: nothing. */
export interface WindowRange extends OffsetRange {
  /** The first offset that is still kept. The window begins before it when `isCut`. */
  readonly earliest: number
  /** Retention has taken records that would be in the window, or may have: the window begins with or before the first
   *  record kept, and records before that one are gone. */
  readonly isCut: boolean
}

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const
const isoTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/

/** `2026-03-01`, `2026-03-01T12:00:00Z` (UTC where no zone is named), `-7d` (s, m, h, d, w before `nowMs`), `earliest`,
 *  `latest`, `topic:partition:offset`. TB_USAGE for anything else; `name` is the option's, e.g. `--from`. */
export function parsePoint(text: string, name: string, nowMs: number): Point {
  if (text === 'earliest' || text === 'latest') return { kind: text }
  const relative = /^-(\d+)([smhdw])$/.exec(text)
  if (relative !== null) {
    const [, count = '', unit = 's'] = relative
    return { kind: 'time', timestampMs: nowMs - Number(count) * unitMs[unit as keyof typeof unitMs] }
  }
  const timestampMs = isoTime.test(text) ? Date.parse(inUtc(text)) : NaN
  if (!Number.isNaN(timestampMs)) return { kind: 'time', timestampMs }
  const place = parsePlace(text)
  if (place !== undefined) return { kind: 'place', ...place }
  throw new TrackbridgeError(
    'TB_USAGE',
    `${name} is "${text}"; allowed are a time (2026-03-01, 2026-03-01T12:00:00Z), a time ago (-90s, -30m, -12h, -7d, -2w), earliest, latest, and TOPIC:PARTITION:OFFSET`,
  )
}

/** `cio.track.raw:3:1200`; undefined for anything else. */
export function parsePlace(text: string): Place | undefined {
  const [, topic, partition, offset] = /^([\w.-]+):(\d{1,9}):(\d{1,15})$/.exec(text) ?? []
  if (topic === undefined) return undefined
  return { topic, partition: Number(partition), offset: Number(offset) }
}

/** `cio.track.raw:3:1200`: the inverse of parsePlace. */
export const placeText = ({ topic, partition, offset }: Place): string => `${topic}:${partition}:${offset}`

// Date.parse takes a time without a zone for local time.
const inUtc = (text: string): string => (/T/.test(text) && !/(Z|[+-]\d\d:\d\d)$/.test(text) ? `${text}Z` : text)

/** A range for each partition of the topics, in their order; the last stable offset is as late as any goes. A place as
 *  `from` begins in its partition there and nowhere else, so that all other partitions are empty; as `to` it ends its
 *  partition before that offset, all others at their ends. TB_USAGE where a place names no partition of these topics, and
 *  where a window ends before it begins. */
export async function resolveWindow(
  admin: Pick<Admin, 'watermarks' | 'offsetsSince'>,
  topics: readonly string[],
  { from, to }: { readonly from: Point; readonly to: Point },
): Promise<readonly WindowRange[]> {
  if (from.kind === 'time' && to.kind === 'time' && from.timestampMs > to.timestampMs)
    throw new TrackbridgeError('TB_USAGE', '--to is before --from')
  const ranges: WindowRange[] = []
  for (const topic of topics) {
    const ends = await admin.watermarks(topic)
    const since = await offsetsOf(admin, topic, from)
    const until = await offsetsOf(admin, topic, to)
    for (const [partition, kept] of [...ends].toSorted(([a], [b]) => a - b)) {
      const where = { topic, partition }
      const asked = startOf(from, where, since?.get(partition) ?? kept.earliest, kept.lastStable)
      ranges.push(toRange(where, kept, asked, endOf(to, where, until?.get(partition) ?? kept.lastStable)))
    }
  }
  requirePlaces(ranges, [from, to])
  return ranges
}

async function offsetsOf(admin: Pick<Admin, 'offsetsSince'>, topic: string, point: Point) {
  return point.kind === 'time' ? admin.offsetsSince(topic, point.timestampMs) : undefined
}

function toRange(where: TopicPartition, { earliest, lastStable }: Watermarks, from: number, to: number): WindowRange {
  const kept = (offset: number): number => Math.min(lastStable, Math.max(earliest, offset))
  const end = kept(to)
  const start = Math.min(kept(from), end)
  return { ...where, from: start, to: end, earliest, isCut: earliest > 0 && from <= earliest && start < end }
}

function startOf(from: Point, where: TopicPartition, since: number, lastStable: number): number {
  if (from.kind === 'earliest') return 0
  if (from.kind === 'latest') return lastStable
  if (from.kind === 'time') return since
  return isSame(from, where) ? from.offset : lastStable
}

function endOf(to: Point, where: TopicPartition, until: number): number {
  if (to.kind === 'earliest') return 0
  if (to.kind === 'place') return isSame(to, where) ? to.offset : until
  return until
}

const isSame = (a: TopicPartition, b: TopicPartition): boolean => a.topic === b.topic && a.partition === b.partition

function requirePlaces(ranges: readonly TopicPartition[], points: readonly Point[]): void {
  for (const point of points) {
    if (point.kind !== 'place' || ranges.some((range) => isSame(range, point))) continue
    const topics = [...new Set(ranges.map(({ topic }) => topic))]
    throw new TrackbridgeError(
      'TB_USAGE',
      `there is no partition ${point.topic}/${point.partition} here; the topics are: ${topics.join(', ')}`,
    )
  }
}
