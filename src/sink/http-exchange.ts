// One request and its answer on undici's connections. In: a request, an end. Out: status, headers and text of the answer;
// rejects with what undici says. By `dispatch`, for `request` makes a stream of every answer: a tenth of the sink's time.
import type { Dispatcher } from './http-dispatcher.ts'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** Largest part of an answer's body that is read; what is longer counts as complete, and its connection is ended. */
export const maxAnswerBodyBytes = 65_536

/** Rejects at once when `signal` aborts; the endpoint may have taken the request all the same. */
export function exchange(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  signal: AbortSignal,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  let controller: Dispatcher.DispatchController | undefined
  let head: Pick<Answer, 'status' | 'headers'> = { status: 0, headers: {} }
  const chunks: Buffer[] = []
  let bytes = 0
  const end = (): void => {
    signal.removeEventListener('abort', abort)
    resolve({ ...head, text: Buffer.concat(chunks).toString('utf8', 0, maxAnswerBodyBytes) })
  }
  const abort = (): void => {
    const error = new Error('aborted')
    reject(error)
    controller?.abort(error)
  }
  signal.addEventListener('abort', abort, { once: true })
  dispatcher.dispatch(request, {
    onRequestStart(started) {
      controller = started
      // It has waited for a connection until nobody wanted it any longer.
      if (signal.aborted) started.abort(new Error('aborted'))
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
      signal.removeEventListener('abort', abort)
      reject(error)
    },
  })
  return promise
}
