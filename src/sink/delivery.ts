// The way of one planned request to its end: sent until the API takes or refuses it, halved down to the messages at
// fault. In: calls in order. Out: settled records, states, counts, and the dead letters to write.
// Ruled by sink.md, "Behaviour". States and transitions: worker-state.ts.
import { backoffMs } from './backoff.ts'
import { createHalving } from './halving.ts'
import type { EndpointRequest } from './http-endpoint.ts'
import type { Call } from './call-queue.ts'
import { requestBody } from './request-format.ts'
import { verdict, type Verdict } from './verdict.ts'
import type { Letter } from './written-off.ts'
import { setState, settleRecords, waitBeforeRetry, type Delivery, type Worker } from './worker-state.ts'

type Settled = Extract<Verdict, { verdict: 'delivered' | 'halve' }>

/** Calls that go out as one request. */
interface Request {
  readonly calls: readonly Call[]
  readonly alone: boolean
}

/** Promises that every call has been delivered, in order, but for those that the API refuses: they are the answer, to
 *  become dead letters. null: the worker has ended before. */
export async function deliver(
  worker: Worker,
  delivery: Delivery,
  { calls, alone }: Request,
): Promise<readonly Letter[] | null> {
  const halving = createHalving(calls.length)
  const letters: Letter[] = []
  for (let range = halving.next(); range !== undefined; range = halving.next()) {
    const part = calls.slice(range.start, range.end)
    const settled = await sendUntilSettled(worker, delivery, { calls: part, alone })
    if (settled === null) return null
    if (settled.verdict === 'delivered') {
      worker.deps.count('delivered', part.length)
      settleRecords(worker, part)
      halving.taken()
    } else if (halving.refused(settled.status === 413)) letters.push(...part.map((call) => refusal(call, settled)))
  }
  return letters
}

/** Sends the same calls until the API takes or refuses them; null when the worker ends before. */
async function sendUntilSettled(worker: Worker, delivery: Delivery, request: Request): Promise<Settled | null> {
  const { deps, closing } = worker
  let failures = 0
  let before: Verdict['verdict'] | undefined
  while (!closing.signal.aborted) {
    const answer = await deps.send(() => makeRequest(worker, request), request.calls.length, closing.signal)
    if (answer === null || closing.signal.aborted) return null
    const next = verdict(answer, deps.clock.now())
    if (next.verdict === 'delivered' || next.verdict === 'halve') {
      setState(worker, delivery, { state: 'delivering' })
      return next
    }
    deps.count('retries', 1)
    // What had to be mended has been: what fails now is another fault, whose back-off begins anew.
    failures = before === 'blocked' && next.verdict !== 'blocked' ? 1 : failures + 1
    before = next.verdict
    const waitMs = backoffMs(failures, deps.random(), next.afterMs)
    const status = 'status' in answer ? answer.status : null
    const setback = { why: next.why, status, nextTryAtMs: deps.clock.now() + waitMs }
    setState(
      worker,
      delivery,
      next.verdict === 'blocked' ? { state: 'blocked', ...setback } : { state: 'retrying', failures, ...setback },
    )
    if (!(await waitBeforeRetry(worker, waitMs))) return null
  }
  return null
}

/** The request as of now: sentAt is the time of the attempt. */
function makeRequest({ deps, format }: Worker, { calls, alone }: Request): EndpointRequest {
  for (const call of calls) call.requests++
  deps.count('requests', 1)
  const messages = calls.map(({ message }) => message)
  return {
    path: format.path(alone ? messages[0]?.type : undefined),
    contentType: format.contentType,
    body: requestBody(format, messages, { alone, sentAtMs: deps.clock.now() }),
    calls,
  }
}

function refusal(call: Call, { status, body }: Extract<Verdict, { verdict: 'halve' }>): Letter {
  const reason = status === 413 ? 'too_large' : 'rejected'
  const message = `the API refuses this ${call.message.type} message with status ${status}`
  return { record: call.record, reason, message, attempt: call.requests, answer: { status, body } }
}
