// What is noted of a replay beside its window's end, in Kafka: with it the same name alone resumes it, and other arguments
// are refused. In: what was asked for. Out: JSON text, and back. Pure.
import { TrackbridgeError } from '../errors.ts'

/** What makes a replay the same one. As it was written on the command line; absent: not given. */
export interface ReplayRequest {
  readonly stage: 'translate' | 'forward'
  readonly from: string
  readonly to: string
  readonly destinations: readonly string[]
  readonly filter: readonly string[]
  /** Where a translate replay writes: a lane of the destinations, or a topic. */
  readonly into?: 'live' | 'backfill' | 'topic'
  readonly toTopic?: string
}

/** Of the whole replay; beside each partition stands the offset it begins at. */
export interface ReplayNote extends ReplayRequest {
  /** All topics of the window. */
  readonly topics: readonly string[]
  /** ISO times. */
  readonly begun: string
  readonly done?: string
}

export interface PartitionNote extends ReplayNote {
  readonly start: number
}

// Kafka keeps 4,096 bytes by default (offset.metadata.max.bytes).
const maxNoteBytes = 4_000

/** TB_USAGE when it is too long for Kafka. */
export function noteText(note: PartitionNote): string {
  const text = JSON.stringify(note)
  const bytes = Buffer.byteLength(text)
  if (bytes <= maxNoteBytes) return text
  throw new TrackbridgeError(
    'TB_USAGE',
    `what is to be remembered of this replay takes ${bytes} bytes; Kafka keeps ${maxNoteBytes}: use fewer or shorter conditions, topics and names`,
  )
}

/** Undefined for anything but a note of ours. */
export function readNote(text: string): PartitionNote | undefined {
  try {
    const note = JSON.parse(text) as PartitionNote
    return typeof note.start === 'number' && typeof note.begun === 'string' ? note : undefined
  } catch {
    return undefined
  }
}

/** What was asked for now, of what can be asked for; what was not given is as it was. TB_USAGE for anything that is not as
 *  it was when the replay of this name was begun. */
export function requireSame(name: string, begun: ReplayNote, asked: Partial<ReplayRequest>): void {
  for (const [key, option] of Object.entries(optionOf) as [keyof ReplayRequest, string][]) {
    const [now, then] = [asked[key], begun[key]]
    if (now === undefined || textOf(now) === textOf(then)) continue
    throw new TrackbridgeError(
      'TB_USAGE',
      `replay "${name}" was begun on ${begun.begun} with ${option} ${textOf(then) || 'absent'}, and now it is ${textOf(now)}: ` +
        'leave it out to go on with that replay, choose another --name, or begin anew with --restart',
    )
  }
}

const optionOf: Readonly<Record<keyof ReplayRequest, string>> = {
  stage: '--stage',
  from: '--from',
  to: '--to',
  destinations: '--destination',
  filter: '--filter',
  into: '--into',
  toTopic: '--to-topic',
}

const textOf = (value: string | readonly string[] | undefined): string =>
  typeof value === 'string' ? value : (value ?? []).join(' ')
