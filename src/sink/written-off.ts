// Records that will not be delivered -> the dead letters, before anything may be committed past them. In: records and why.
// Out: settled records once they are safely written. Ruled by sink.md, "Behaviour".
import { TrackbridgeError } from '../errors.ts'
import type { ConsumerRecord } from '../kafka/broker.ts'
import type { DeadLetterInput } from '../records/dead-letter.ts'
import { backoffMs } from './backoff.ts'
import { isMendable } from './dead-letter-writer.ts'
import { setState, settleRecords, stopWorker, waitBeforeRetry, type Delivery, type Worker } from './worker-state.ts'

/** A record and why it is a dead letter. `attempt` is 1 where it was never sent. */
export type Letter = { readonly record: ConsumerRecord; readonly attempt?: number } & Pick<
  DeadLetterInput,
  'reason' | 'message' | 'answer'
>

/** Settles them once all of them are written, which they are not where the worker ends before or has stopped. */
export async function writeDeadLetters(worker: Worker, delivery: Delivery, letters: readonly Letter[]): Promise<void> {
  const { deps, closing } = worker
  const inputs = toInputs(worker, letters)
  for (let failures = 1; !closing.signal.aborted; failures++) {
    const error = await deps.deadLetter(inputs).then(
      () => null,
      (fault: unknown) => ({ fault }),
    )
    if (closing.signal.aborted) return
    if (error === null) {
      logDeadLetters(worker, inputs)
      deps.count('rejected', letters.length)
      settleRecords(worker, letters)
      setState(worker, delivery, { state: 'delivering' })
      return
    }
    const { fault } = error
    if (!isMendable(fault)) {
      stopWorker(worker, refusedDeadLetter(worker, inputs, fault))
      tellRefused(worker, inputs)
      return
    }
    const waitMs = backoffMs(failures, deps.random())
    const setback = { why: whyNot(fault), status: null, nextTryAtMs: deps.clock.now() + waitMs }
    const isDenied = fault.code === 'TB_KAFKA_UNAUTHORIZED'
    setState(
      worker,
      delivery,
      isDenied ? { state: 'blocked', ...setback } : { state: 'retrying', failures, ...setback },
    )
    if (!(await waitBeforeRetry(worker, waitMs))) return
  }
}

const whyNot = ({ code, message }: TrackbridgeError): string =>
  code === 'TB_REGISTRY_UNAVAILABLE'
    ? `dead letters cannot be encoded: ${message}`
    : `Kafka does not take dead letters: ${message}`

function toInputs({ deps, options }: Worker, letters: readonly Letter[]): readonly DeadLetterInput[] {
  const { topic, partition, destination } = options
  const at = deps.clock.now()
  return letters.map(({ record, attempt = 1, ...fault }) => {
    return { ...fault, source: { ...record, topic, partition }, stage: 'sink', destination, attempt, at }
  })
}

function logDeadLetters(worker: Worker, inputs: readonly DeadLetterInput[]): void {
  for (const { source, reason, answer, destination } of inputs) {
    const status = answer === undefined ? {} : { status: answer.status }
    worker.deps.log.debug({ ...placeOf(source), destination, reason, ...status }, 'a message is a dead letter')
  }
}

// The state of the partition says why; this says of which record and whose it is.
function tellRefused(worker: Worker, [first]: readonly DeadLetterInput[]): void {
  if (first === undefined) return
  const { source, reason, destination } = first
  worker.deps.log.error({ ...placeOf(source), destination, reason }, 'a dead letter is refused: its partition stops')
}

const placeOf = ({ topic, partition, offset, key: person }: DeadLetterInput['source']) => ({
  topic,
  partition,
  offset,
  person,
})

function refusedDeadLetter(worker: Worker, inputs: readonly DeadLetterInput[], cause: unknown): TrackbridgeError {
  if (cause instanceof TrackbridgeError && cause.code === 'TB_DEAD_LETTER_REFUSED') return cause
  const { topic, partition, destination } = worker.options
  const offset = inputs[0]?.source.offset ?? 0
  return new TrackbridgeError(
    'TB_DEAD_LETTER_REFUSED',
    `the dead-letter topic does not take the record for ${topic}:${partition}:${offset}; the partition stops`,
    { context: { topic, partition, offset, destination }, cause },
  )
}
