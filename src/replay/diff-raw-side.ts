// The raw side of a comparison with a topic: one range, translated as far as the topic has come, so that both stay side by
// side. In: a range, how to translate. Out: whether a message of the topic is what its raw record makes.
import { TrackbridgeError } from '../errors.ts'
import type { OffsetRange, RangeBatch } from '../kafka/broker.ts'
import { createLedger, type Found, type Ledger, type Missing } from './diff-ledger.ts'
import { readWindow, type ReadDeps, type RawRecord, type Rehearsed, type WouldBe } from './translate-window.ts'

export interface RawSideDeps extends ReadDeps {
  readonly rehearse: (raw: RawRecord) => Rehearsed
  /** Told of each raw record that is translated for the comparison. */
  readonly onRecord?: () => void
  /** Absent: 32 MB. */
  readonly maxHeldBytes?: number
  /** Absent: 20 million, of 25 bytes each. */
  readonly maxMessages?: number
}

interface Gone {
  readonly state: 'gone'
}

export interface RawSide {
  readonly range: OffsetRange
  /** The least of the first records, those of one fetch, in milliseconds since 1970; undefined where there are none. */
  firstTimestamp(): Promise<number | undefined>
  /** Looks for what the raw record at `offset` makes; `gone`: retention has taken the record. */
  take(offset: number, messageId: string): Promise<Found | Gone>
  /** What was not found, by type, oldest first: those of before, then those of the rest of the range. Ends the reading. */
  missing(): AsyncGenerator<Missing>
  close(): Promise<void>
}

const defaultHeldBytes = 32_000_000
const defaultMaxMessages = 20_000_000

export function openRawSide(deps: RawSideDeps, range: OffsetRange): RawSide {
  const { maxHeldBytes = defaultHeldBytes, maxMessages = defaultMaxMessages } = deps
  const batches = readWindow(deps, [range])
  const ledger = createLedger({ maxHeldBytes })
  let ahead: RangeBatch | undefined
  /** All raw records below are translated. */
  let position = range.from
  /** Records below were there when the window was resolved, and are not any more. */
  let keptFrom = range.from
  let isOver = false

  const next = async (): Promise<RangeBatch | undefined> => {
    const batch = ahead ?? (isOver ? undefined : await nextOf(batches))
    ahead = undefined
    if (batch === undefined) isOver = true
    else if (batch.gone > 0) keptFrom = batch.fetchedOffset + batch.gone
    return batch
  }
  const translate = (batch: RangeBatch): void => {
    for (const { offset, message } of messagesOf(batch, deps)) {
      const { messageId, type, value, isAsked } = message
      ledger.add({ offset, messageId, type, value, isAsked })
    }
    requireRoom(range, ledger, maxMessages)
    position = batch.nextOffset
  }
  const reach = async (offset: number): Promise<void> => {
    for (let isThere = position > offset; !isThere; isThere = position > offset) {
      const batch = await next()
      if (batch === undefined) return
      translate(batch)
    }
  }

  return {
    range,
    async firstTimestamp() {
      while (ahead === undefined || ahead.records.length === 0) {
        const batch = await next()
        if (batch === undefined) return undefined
        ahead = batch
        if (batch.records.length === 0) ahead = undefined
      }
      return ahead.records.reduce((least, { timestamp }) => Math.min(least, timestamp), Infinity)
    },
    async take(offset, messageId) {
      await reach(offset)
      return offset < keptFrom ? { state: 'gone' } : ledger.take(offset, messageId)
    },
    async *missing() {
      yield* ledger.missing()
      for (let batch = await next(); batch !== undefined; batch = await next())
        for (const { offset, message } of messagesOf(batch, deps))
          if (message.isAsked)
            yield { offset, type: message.type, isOf: (messageId) => messageId === message.messageId }
    },
    close: async () => void (await batches.return(undefined)),
  }
}

async function nextOf(batches: AsyncGenerator<RangeBatch>): Promise<RangeBatch | undefined> {
  const { done, value } = await batches.next()
  return done ? undefined : value
}

function* messagesOf(
  { topic, partition, records }: RangeBatch,
  { rehearse, onRecord }: Pick<RawSideDeps, 'rehearse' | 'onRecord'>,
): Generator<{ readonly offset: number; readonly message: WouldBe }> {
  for (const record of records) {
    onRecord?.()
    for (const message of rehearse({ ...record, topic, partition }).messages) yield { offset: record.offset, message }
  }
}

function requireRoom({ topic, partition }: OffsetRange, ledger: Ledger, maxMessages: number): void {
  if (ledger.size() <= maxMessages) return
  throw new TrackbridgeError(
    'TB_USAGE',
    `the window makes more than ${maxMessages} messages of partition ${topic}/${partition}, which is the most that is compared at once: choose a shorter one with --from and --to`,
  )
}
