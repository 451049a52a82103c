// A broker whose consumers end with a window, go no faster than they may, and whose records bear the name of the replay:
// engines do their work behind it as they always do, exactly once. In: a broker, where the window ends. Out: the same port.
//
//   reading --batch reaches the window's end--> ended: what lies behind is dropped, the partition is paused
//   any --new assignment--> reading: ends are read again, and so is what had not been committed
import type {
  BatchContext,
  Broker,
  ConsumeHandlers,
  Consumer,
  ConsumeOptions,
  ConsumerBatch,
  ConsumerRecord,
  OutRecord,
  TopicPartition,
} from '../kafka/broker.ts'
import type { Pace } from './pace.ts'
import { rangeName } from './replay-store.ts'

export interface WindowedDeps {
  readonly broker: Broker
  readonly pace: Pick<Pace, 'take' | 'atOnce'>
  /** Goes on every record written, in the header tb-replay. */
  readonly name: string
  /** The window's ends by name of the partition, read from Kafka, so that all processes of a replay agree. Asked at each
   *  assignment; waits while Kafka does not answer, and gives undefined when `signal` aborts. */
  readonly readEnds: () => Promise<ReadonlyMap<string, number> | undefined>
  /** Which records are handed on at all; absent: all. */
  readonly choice?: RecordChoice
}

export interface RecordChoice {
  /** Waits for what `keep` needs to know of the records. */
  ensure?(records: readonly ConsumerRecord[], signal: AbortSignal): Promise<void> | undefined
  keep(record: ConsumerRecord): boolean
  /** So many were not kept. */
  onLeftOut(records: number): void
}

/** For one engine with one consumer. */
export function windowedBroker(deps: WindowedDeps): Broker {
  const { broker, name } = deps
  return {
    ...broker,
    consume: (options, handlers) => consumeWindow(deps, options, handlers),
    session(options) {
      const session = broker.session(options)
      return { ...session, commit: (unit) => session.commit({ ...unit, records: marked(unit.records, name) }) }
    },
    async producer() {
      const producer = await broker.producer()
      return { ...producer, send: (records) => producer.send(marked(records, name)) }
    },
  }
}

function marked(records: readonly OutRecord[], name: string): readonly OutRecord[] {
  return records.map((record) => ({ ...record, headers: { ...record.headers, 'tb-replay': name } }))
}

/** What the handlers and the consumer of a window share. */
interface State {
  readonly deps: WindowedDeps
  readonly consumer: Promise<Consumer>
  /** Partitions that have reached their end since the last assignment. */
  readonly ended: Map<string, TopicPartition>
  /** Those that the engine wants paused. */
  readonly paused: Set<string>
  ends: Promise<ReadonlyMap<string, number> | undefined>
}

async function consumeWindow(
  deps: WindowedDeps,
  options: ConsumeOptions,
  handlers: ConsumeHandlers,
): Promise<Consumer> {
  const opened = Promise.withResolvers<Consumer>()
  // Whoever waits for it is told by the rejection of `consume`.
  opened.promise.catch(() => undefined)
  const state: State = {
    deps,
    consumer: opened.promise,
    ended: new Map(),
    paused: new Set(),
    ends: Promise.resolve(undefined),
  }
  const inner = await deps.broker
    .consume(options, {
      onAssignment(partitions) {
        state.ends = deps.readEnds()
        void goOn(state)
        handlers.onAssignment(partitions)
      },
      onBatch: (batch, context) => onBatch(state, handlers, batch, context),
    })
    .catch((error: unknown) => {
      opened.reject(error)
      throw error
    })
  opened.resolve(inner)
  return {
    ...inner,
    pause(partition) {
      state.paused.add(rangeName(partition))
      inner.pause(partition)
    },
    resume(partition) {
      state.paused.delete(rangeName(partition))
      if (!state.ended.has(rangeName(partition))) inner.resume(partition)
    },
  }
}

/** Another one may have gone back: what has ended is looked at again. */
async function goOn(state: State): Promise<void> {
  const again = [...state.ended.values()]
  state.ended.clear()
  if (again.length === 0) return
  const consumer = await state.consumer
  for (const partition of again) if (!state.paused.has(rangeName(partition))) consumer.resume(partition)
}

async function onBatch(
  state: State,
  handlers: ConsumeHandlers,
  batch: ConsumerBatch,
  context: BatchContext,
): Promise<void> {
  const consumer = await state.consumer
  const ends = await state.ends
  if (ends === undefined || context.signal.aborted) return
  // A partition without an end came after the window was fixed.
  const end = ends.get(rangeName(batch)) ?? 0
  const inside = batch.nextOffset <= end ? batch : cutAt(batch, end)
  if (batch.fetchedOffset < end && !(await handOn(state, handlers, inside, context))) return
  if (batch.nextOffset < end || context.signal.aborted) return
  state.ended.set(rangeName(batch), { topic: batch.topic, partition: batch.partition })
  consumer.pause(batch)
}

const cutAt = (batch: ConsumerBatch, end: number): ConsumerBatch => ({
  ...batch,
  nextOffset: end,
  records: batch.records.filter(({ offset }) => offset < end),
})

/** Hands a batch on, slice by slice as the pace allows. False: the engine has not taken all of it, and what is left comes
 *  again. */
async function handOn(
  { deps }: State,
  handlers: ConsumeHandlers,
  batch: ConsumerBatch,
  context: BatchContext,
): Promise<boolean> {
  for (const slice of slices(batch, deps.pace.atOnce())) {
    if (!(await deps.pace.take(slice.records.length, context.signal))) return false
    const chosen = deps.choice === undefined ? slice : await choose(deps.choice, slice, context)
    let reached: number | undefined
    const resolve = (next: number): void => {
      reached = next
      context.resolve(next)
    }
    const seek = (offset: number): void => {
      reached = offset
      context.seek(offset)
    }
    await handlers.onBatch(chosen, { ...context, resolve, seek })
    if (reached !== slice.nextOffset) return false
  }
  return true
}

/** A batch in parts of at most so many records; each begins where the one before ends. */
function* slices(batch: ConsumerBatch, atOnce: number): Generator<ConsumerBatch> {
  const { records } = batch
  let { fetchedOffset } = batch
  for (let from = 0; from === 0 || from < records.length; from += atOnce) {
    if (atOnce >= records.length) {
      yield batch
      return
    }
    const part = records.slice(from, from + atOnce)
    const isLast = from + atOnce >= records.length
    const nextOffset = isLast ? batch.nextOffset : (part.at(-1)?.offset ?? 0) + 1
    yield { ...batch, records: part, fetchedOffset, nextOffset, continuous: from === 0 ? batch.continuous : true }
    fetchedOffset = nextOffset
  }
}

async function choose(choice: RecordChoice, batch: ConsumerBatch, { signal }: BatchContext): Promise<ConsumerBatch> {
  await choice.ensure?.(batch.records, signal)
  const records = batch.records.filter((record) => choice.keep(record))
  choice.onLeftOut(batch.records.length - records.length)
  return records.length === batch.records.length ? batch : { ...batch, records }
}
