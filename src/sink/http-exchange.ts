// One request and its answer on undici's connections. In: a request, an end. Out: status, headers and text of the answer, or
// why there is none. By `dispatch`, for `request` makes a stream of every answer: a tenth of the sink's time.
import type { Dispatcher } from './http-dispatcher.ts'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** Largest part of an answer's body that is read; what is longer counts as complete, and its connection is ended. */
export const maxAnswerBodyBytes = 65_536

/** How long an exchange may take. */
export interface ExchangeEnd {
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** `aborted` at once when `signal` aborts, `too late` after `timeoutMs`: the endpoint may have taken the request all the
 *  same. Rejects with what undici says. */
export function exchange(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  { timeoutMs, signal }: ExchangeEnd,
): Promise<Answer | 'aborted' | 'too late'> {
  if (signal.aborted) return Promise.resolve('aborted')
  const { promise, resolve, reject } = Promise.withResolvers<Answer | 'aborted' | 'too late'>()
  let controller: Dispatcher.DispatchController | undefined
  let head: Pick<Answer, 'status' | 'headers'> = { status: 0, headers: {} }
  const chunks: Buffer[] = []
  let bytes = 0
  let isOver = false
  const finish = (): void => {
    isOver = true
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
  const giveUp = (why: 'aborted' | 'too late'): void => {
    finish()
    resolve(why)
    controller?.abort(new Error(why))
  }
  const abort = (): void => giveUp('aborted')
  const timer = setTimeout(() => giveUp('too late'), timeoutMs)
  signal.addEventListener('abort', abort, { once: true })
  const end = (): void => {
    finish()
    resolve({ ...head, text: textOf(chunks) })
  }
  dispatcher.dispatch(request, {
    onRequestStart(started) {
      controller = started
      // It has waited for a connection until nobody wanted it any longer.
      if (isOver) started.abort(new Error('nobody waits any longer'))
    },
    onResponseStart(_controller, status, headers) {
      // 1xx come before the answer.
      if (status >= 200) head = { status, headers }
    },
    onResponseData(_controller, chunk) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes < maxAnswerBodyBytes) return
      end()
      controller?.abort(new Error('the answer is too long'))
    },
    onResponseEnd: end,
    onResponseError(_controller, error) {
      finish()
      reject(error)
    },
  })
  return promise
}

function textOf(chunks: readonly Buffer[]): string {
  const [first] = chunks
  const body = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks)
  return body.toString('utf8', 0, maxAnswerBodyBytes)
}
