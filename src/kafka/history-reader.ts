// The port's HistoryReader: fetches of our own over kafkajs's connections, one ahead of whoever reads. Nothing is joined
// and nothing committed, so that looking at history leaves no trace in the cluster and needs no right but Read.
import type { Clock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import { onTopic } from './access.ts'
import type { ConsumerRecord, HistoryReader, OffsetRange, RangeBatch } from './broker.ts'
import type { Cluster } from './cluster.ts'
import { needing } from './denial.ts'
import { createFetchedBatch, decodeRecordSet } from './fetched-batch.ts'
import { toTrackbridgeError } from './kafkajs-errors.ts'
import { errorOfCode } from './kafkajs.ts'
import { earliestOffset, fetch, type FetchAnswer } from './wire/fetch-request.ts'
import { errorCode } from './wire/request.ts'

export interface HistoryReaderDeps {
  readonly cluster: Cluster
  readonly clock: Clock
  /** Of one fetch; absent: 1 MiB. A larger RecordBatch comes whole all the same. */
  readonly maxBytes?: number
}

const defaultMaxBytes = 1_048_576
const maxWaitMs = 500
const firstDelayMs = 100
const longestDelayMs = 5_000
const givingUpMs = 120_000

/** Connects. Rejects with TB_KAFKA_*. */
export async function openHistoryReader(deps: HistoryReaderDeps): Promise<HistoryReader> {
  await deps.cluster.open()
  let closed: Promise<void> | undefined
  return {
    read: (range, signal) => readRange(deps, range, signal),
    close: () => (closed ??= deps.cluster.close()),
  }
}

async function* readRange(
  deps: HistoryReaderDeps,
  range: OffsetRange,
  signal: AbortSignal,
): AsyncGenerator<RangeBatch> {
  if (range.from >= range.to) return
  let ahead = fetchBatch(deps, range, range.from, signal)
  for (;;) {
    const batch = await ahead
    const isLast = batch.nextOffset >= range.to
    if (!isLast) {
      ahead = fetchBatch(deps, range, batch.nextOffset, signal)
      // Whoever stops reading never looks at it.
      ahead.catch(() => undefined)
    }
    yield batch
    if (isLast) return
  }
}

/** The next batch; waits and tries again while Kafka does not answer. */
async function fetchBatch(
  deps: HistoryReaderDeps,
  range: OffsetRange,
  from: number,
  signal: AbortSignal,
): Promise<RangeBatch> {
  const untilMs = deps.clock.now() + givingUpMs
  for (let delayMs = firstDelayMs; ; delayMs = Math.min(longestDelayMs, delayMs * 2)) {
    signal.throwIfAborted()
    try {
      const batch = await attempt(deps, range, from)
      if (batch !== undefined) return batch
      if (deps.clock.now() > untilMs) throw nothingComes(range, from)
    } catch (error) {
      const known = toTrackbridgeError(error, `read ${range.topic}/${range.partition} from offset ${from}`, range)
      if (known.reaction !== 'retry' || deps.clock.now() > untilMs) throw known
      await deps.clock.sleep(delayMs, signal)
      await deps.cluster.refresh().catch(() => undefined)
    }
  }
}

/** Undefined when there was nothing to read yet. */
async function attempt(deps: HistoryReaderDeps, range: OffsetRange, from: number): Promise<RangeBatch | undefined> {
  const access = [onTopic('Read', range.topic)]
  return needing({ identity: deps.cluster.identity, access }, async () => {
    const leader = await deps.cluster.leader(range)
    const answer = await leader.send(fetch(range, from, { maxBytes: deps.maxBytes ?? defaultMaxBytes, maxWaitMs }))
    if (answer.code === errorCode.none) return toBatch(range, from, answer)
    if (answer.code !== errorCode.offsetOutOfRange) throw errorOfCode(answer.code)
    const earliest = await leader.send(earliestOffset(range))
    if (earliest.code !== errorCode.none) throw errorOfCode(earliest.code)
    const nextOffset = Math.min(range.to, Number(earliest.offset))
    if (nextOffset <= from) throw beyondTheEnd(range, from)
    return { ...placeOf(range), fetchedOffset: from, nextOffset, gone: nextOffset - from, records: [] }
  })
}

function toBatch(range: OffsetRange, from: number, answer: FetchAnswer): RangeBatch | undefined {
  const fetched = createFetchedBatch(range.topic, String(from), {
    partition: range.partition,
    highWatermark: String(answer.highWatermark),
    abortedTransactions: answer.abortedTransactions.map(({ producerId, firstOffset }) => ({
      producerId: String(producerId),
      firstOffset: String(firstOffset),
    })),
    messages: decodeRecordSet(answer.recordSet),
  })
  const records = fetched.records()
  if (fetched.isEmptyIncludingFiltered()) return undefined
  const nextOffset = Math.min(range.to, Number(fetched.lastOffset()) + 1)
  return { ...placeOf(range), fetchedOffset: from, nextOffset, gone: 0, records: below(records, range.to) }
}

const placeOf = ({ topic, partition }: OffsetRange) => ({ topic, partition })

function below(records: readonly ConsumerRecord[], to: number): readonly ConsumerRecord[] {
  const last = records.at(-1)
  return last === undefined || last.offset < to ? records : records.filter(({ offset }) => offset < to)
}

function beyondTheEnd({ topic, partition }: OffsetRange, from: number): TrackbridgeError {
  const message = `partition ${topic}/${partition} has no offset ${from} any more: the topic was made anew, or lost records`
  return new TrackbridgeError('TB_KAFKA_FATAL', message, { context: { topic, partition, offset: from } })
}

function nothingComes({ topic, partition, to }: OffsetRange, from: number): TrackbridgeError {
  const message = `partition ${topic}/${partition} gives nothing from offset ${from} on, and ${to} is to be reached`
  return new TrackbridgeError('TB_KAFKA_FATAL', message, { context: { topic, partition, offset: from } })
}
