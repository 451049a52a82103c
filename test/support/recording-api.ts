// An API without a network: it answers as it is told, and remembers what was asked and when. Test support.
import type { Clock } from '../../src/clock.ts'
import type { EndpointRequest, HttpEndpoint, HttpEndpointOptions } from '../../src/sink/http-endpoint.ts'
import type { ApiAnswer } from '../../src/sink/verdict.ts'

export interface RecordedMessage {
  readonly messageId: string
  readonly userId: string
  readonly sentAt: string
}

export interface RecordedRequest {
  /** Milliseconds since 1970. */
  readonly atMs: number
  /** Base of the endpoint it was sent to. */
  readonly url: string
  readonly messages: readonly RecordedMessage[]
  readonly answer: ApiAnswer
}

type Answering = (request: Omit<RecordedRequest, 'answer'>) => ApiAnswer | Promise<ApiAnswer>

export interface RecordingApi {
  /** For SinkDeps. */
  openApi(options: HttpEndpointOptions): Pick<HttpEndpoint, 'send' | 'close'>
  readonly requests: readonly RecordedRequest[]
  /** From now on. */
  answer(how: Answering): void
  /** Forgets what was asked. */
  forget(): void
}

export const ok: ApiAnswer = { status: 200, headers: {}, body: '{}' }
export const status = (code: number): ApiAnswer => ({ status: code, headers: {}, body: '' })

const always: Answering = () => ok

/** Answers 200 until it is told otherwise. */
export function createRecordingApi(clock: Clock): RecordingApi {
  const requests: RecordedRequest[] = []
  let answering = always
  const send = async (url: string, request: EndpointRequest): Promise<ApiAnswer> => {
    const { batch } = JSON.parse(String(request.body)) as { batch: RecordedMessage[] }
    const asked = { atMs: clock.now(), url, messages: batch }
    const answer = await answering(asked)
    requests.push({ ...asked, answer })
    return answer
  }
  return {
    requests,
    openApi: ({ url }) => ({ send: (request) => send(url, request), close: async () => undefined }),
    answer(how) {
      answering = how
    },
    forget: () => void requests.splice(0),
  }
}

/** Ids of messages that were taken, in the order of the requests. */
export const takenIds = (requests: readonly RecordedRequest[]): string[] =>
  requests.flatMap(({ answer, messages }) =>
    'status' in answer && answer.status === 200 ? messages.map(({ messageId }) => messageId) : [],
  )
