// Where a replay stands, in Kafka: its group has the positions, a second group that never has members the ends of the
// window, with a note of what was asked for beside each. In: the admin port. Out: the replay as it stands. Neither is a
// live group. Offsets of a group without members go after offsets.retention.minutes (7 days): `refresh` writes them again.
import { TrackbridgeError } from '../errors.ts'
import type { Admin, GroupCommitted, OffsetRange } from '../kafka/broker.ts'
import { noteText, readNote, type ReplayNote } from './replay-note.ts'

/** A replay that was begun. */
export interface StoredReplay {
  readonly note: ReplayNote
  /** The window, by topic and partition. */
  readonly ranges: readonly OffsetRange[]
}

export interface ReplayStore {
  /** What was begun under this name; undefined: nothing, or Kafka has forgotten it. Of `topics` and those of the note. */
  find(topics: readonly string[]): Promise<StoredReplay | undefined>
  /** Sets positions and window. False when the group has members: somebody has begun it meanwhile. */
  begin(replay: StoredReplay): Promise<boolean>
  /** Next offset of each partition of the window; those that Kafka has forgotten are left out. */
  positions(replay: StoredReplay): Promise<ReadonlyMap<string, number>>
  /** Writes the window again, so that Kafka does not forget it, with another note where one is given. */
  refresh(replay: StoredReplay): Promise<void>
}

/** `trackbridge.replay.spring` */
export const replayGroup = (prefix: string, name: string): string => `${prefix}.replay.${name}`
const windowGroup = (group: string): string => `${group}.window`

/** Key of maps by partition. */
export const rangeName = ({ topic, partition }: Pick<OffsetRange, 'topic' | 'partition'>): string =>
  `${topic}/${partition}`

type StoreAdmin = Pick<Admin, 'groupCommits' | 'groupOffsets' | 'commitOffsets'>

/** `group` is the replay's own. Every method rejects with TB_KAFKA_*. */
export function createReplayStore(admin: StoreAdmin, group: string): ReplayStore {
  const window = windowGroup(group)
  const writeWindow = async ({ note, ranges }: StoredReplay): Promise<void> => {
    for (const [topic, own] of byTopic(ranges))
      await admin.commitOffsets(
        window,
        topic,
        new Map(
          own.map(({ partition, from, to }) => [partition, { next: to, note: noteText({ start: from, ...note }) }]),
        ),
      )
  }
  return {
    find: (topics) => findReplay(admin, window, topics),
    async begin(replay) {
      try {
        for (const [topic, own] of byTopic(replay.ranges))
          await admin.commitOffsets(
            group,
            topic,
            new Map(own.map(({ partition, from }) => [partition, { next: from, note: '' }])),
          )
      } catch (error) {
        if (error instanceof TrackbridgeError && error.code === 'TB_KAFKA_REBALANCED') return false
        throw error
      }
      // Behind the positions: whoever finds a window may trust that they are set.
      await writeWindow(replay)
      return true
    },
    async positions({ ranges }) {
      const found = new Map<string, number>()
      for (const [topic, own] of byTopic(ranges)) {
        const offsets = await admin.groupOffsets(group, topic)
        for (const range of own) {
          const next = offsets.get(range.partition)
          if (next !== undefined) found.set(rangeName(range), next)
        }
      }
      return found
    },
    refresh: writeWindow,
  }
}

async function findReplay(
  admin: StoreAdmin,
  window: string,
  topics: readonly string[],
): Promise<StoredReplay | undefined> {
  const first = await readWindow(admin, window, topics)
  const others = (first?.note.topics ?? []).filter((topic) => !topics.includes(topic))
  return others.length === 0 ? first : readWindow(admin, window, [...topics, ...others])
}

/** Of several replays under the same name the one begun last: a restart may have had other topics. */
async function readWindow(
  admin: StoreAdmin,
  window: string,
  topics: readonly string[],
): Promise<StoredReplay | undefined> {
  const found: { readonly range: OffsetRange; readonly note: ReplayNote }[] = []
  for (const topic of topics)
    for (const [partition, committed] of await admin.groupCommits(window, topic)) {
      const read = toRange(topic, partition, committed)
      if (read !== undefined) found.push(read)
    }
  const newest = found.reduce((latest, { note }) => (note.begun > latest ? note.begun : latest), '')
  const own = found.filter(({ note }) => note.begun === newest)
  const [one] = own
  if (one === undefined) return undefined
  const done = own.find(({ note }) => note.done !== undefined)
  const ranges = own.map(({ range }) => range).toSorted(byPlace)
  return { note: (done ?? one).note, ranges }
}

function toRange(topic: string, partition: number, { next, note: text }: GroupCommitted) {
  const read = readNote(text)
  if (read === undefined) return undefined
  const { start, ...note } = read
  return { range: { topic, partition, from: start, to: next }, note }
}

const byPlace = (a: OffsetRange, b: OffsetRange): number =>
  a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1

const byTopic = (ranges: readonly OffsetRange[]): ReadonlyMap<string, readonly OffsetRange[]> =>
  Map.groupBy(ranges, ({ topic }) => topic)
