// PURE: what an answer means for the messages that were sent. In: status, headers and body, or the name of a network
// error. Out: what to do next. Ruled by sink.md, "Behaviour", the table of answers.

interface ReceivedAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly wasCompressed?: true
}

/** One HTTP request as it ended. Header names are lower case. `wasCompressed`: the request's body was.
 *  `networkError` names the fault without secrets; `isConfiguration` where asking again does not mend it. */
export type ApiAnswer = ReceivedAnswer | { readonly networkError: string; readonly isConfiguration?: true }

export type Verdict =
  /** Settled: the API has taken all of them. */
  | { readonly verdict: 'delivered' }
  /** Nobody's fault: send the same again, at the earliest after `afterMs`. */
  | { readonly verdict: 'retry'; readonly afterMs?: number; readonly why: string }
  /** At least one message is at fault: halve the batch; one that stands alone is a dead letter with this answer. */
  | { readonly verdict: 'halve'; readonly status: number; readonly body: string }
  /** The configuration is at fault: no dead letters, wait until it is mended. `status`: null where there was no answer. */
  | { readonly verdict: 'blocked'; readonly status: number | null; readonly why: string; readonly afterMs?: number }

const passingStatuses: ReadonlySet<number> = new Set([408, 425, 429])

const configurationFaults: Readonly<Record<number, string>> = {
  401: 'the API key is not accepted',
  403: 'the API key may not do this',
  404: 'there is no API at this url',
  407: 'the proxy asks for credentials',
}

// nginx answers 400 where the connection is at fault, not the message: whole topics would become dead letters.
const pagesOfNginx =
  /<title>400 (No required SSL certificate was sent|The SSL certificate error|The plain HTTP request was sent to HTTPS port)<\/title>/

function configurationFault({ status, body, wasCompressed }: ReceivedAnswer): string | undefined {
  if (status >= 300 && status < 400) return 'the API answers with a redirect, which is never followed'
  const fault = configurationFaults[status]
  if (fault !== undefined) return fault
  if (status === 415 && wasCompressed) return 'the API does not take compressed bodies: set compression to none'
  const page = status === 400 ? pagesOfNginx.exec(body)?.[1] : undefined
  return page === undefined ? undefined : `the server says "${page}": mend url, certFile or keyFile`
}

/** Whether the endpoint has taken what was sent. */
export const isTaken = (answer: ApiAnswer): boolean => 'status' in answer && answer.status >= 200 && answer.status < 300

/** Promises one verdict for every answer; `nowMs` is only used for dates in Retry-After.
 *  A status that HTTP does not define counts as passing: nothing is lost by asking again. */
export function verdict(answer: ApiAnswer, nowMs: number): Verdict {
  if ('networkError' in answer) {
    const { networkError, isConfiguration } = answer
    if (isConfiguration) return { verdict: 'blocked', status: null, why: networkError }
    return { verdict: 'retry', why: withReason(networkError) }
  }
  const { status } = answer
  if (isTaken(answer)) return { verdict: 'delivered' }
  const afterMs = retryAfterMs(answer.headers['retry-after'], nowMs)
  const wait = afterMs === undefined ? {} : { afterMs }
  const fault = configurationFault(answer)
  if (fault !== undefined) return { verdict: 'blocked', status, why: fault, ...wait }
  if (status >= 400 && status < 500 && !passingStatuses.has(status)) {
    return { verdict: 'halve', status, body: answer.body }
  }
  return { verdict: 'retry', why: `the API answers ${status}`, ...wait }
}

const networkReasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection broke off',
  EPIPE: 'the connection broke off',
  UND_ERR_SOCKET: 'the connection broke off',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name of the host cannot be resolved now',
  ETIMEDOUT: 'the connection was not made in time',
  UND_ERR_CONNECT_TIMEOUT: 'the connection was not made in time',
  EHOSTUNREACH: 'there is no way to the host',
  ENETUNREACH: 'there is no way to the host',
}

function withReason(networkError: string): string {
  const reason = networkReasons[networkError]
  return reason === undefined ? networkError : `no answer from the API: ${reason} (${networkError})`
}

/** Milliseconds asked for by a Retry-After header: seconds (`120`) or one of HTTP's three forms of a date, 0 when that
 *  has passed. undefined when the header is absent or malformed. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  const text = header?.trim() ?? ''
  if (/^\d+$/.test(text)) return Number(text) * 1_000
  const date = httpDate(text)
  return date === undefined ? undefined : Math.max(0, date - nowMs)
}

const monthNames = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const time = String.raw`(?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)`
const month = `(?<month>${monthNames.join('|')})`

// RFC 9110, 5.6.7. Date.parse is no help: it takes "1" and "-5" for dates and reads the third form as local time.
const dateForms = [
  new RegExp(String.raw`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?<day>\d\d) ${month} (?<year>\d{4}) ${time} GMT$`),
  new RegExp(String.raw`^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?<day>\d\d)-${month}-(?<year>\d\d) ${time} GMT$`),
  new RegExp(String.raw`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ${month} (?<day>[ \d]\d) ${time} (?<year>\d{4})$`),
]

function httpDate(text: string): number | undefined {
  const parts = dateForms.map((form) => form.exec(text)?.groups).find((groups) => groups !== undefined)
  if (!parts) return undefined
  const number = (name: string): number => Number(parts[name])
  const year = number('year') < 100 ? number('year') + 2_000 : number('year')
  const day = Date.UTC(year, monthNames.indexOf(parts['month'] ?? ''), number('day'))
  return day + ((number('hour') * 60 + number('minute')) * 60 + number('second')) * 1_000
}
