// Every answer of the API that is no plain 200: passing faults, faults of single messages, faults of the configuration.
import { redirectPath } from '../faulty-api.ts'
import type { Scenario } from '../scenario.ts'
import { strikeApi, type ApiForm } from './api-forms.ts'

const requests = 6
const lastsMs = 1_500
/** Larger than a batch of usual messages may get after halving, smaller than one message. */
const bodyLimit = 10_000

function passing(...statuses: readonly number[]): readonly ApiForm[] {
  return statuses.map((status) => ({ name: `${status}`, fault: { kind: 'status', status, requests } }))
}

function configuration(...statuses: readonly number[]): readonly ApiForm[] {
  return statuses.map((status) => ({ name: `${status} for a while`, fault: { kind: 'status', status }, lastsMs }))
}

// The API refuses messages by their ids: this fault itself strikes no request.
function refusal(share: string, rejected: number): ApiForm {
  return { name: `400 for ${share}`, fault: { kind: 'status', status: 400, requests: 0 }, mixture: { rejected } }
}

const forms: readonly ApiForm[] = [
  ...passing(429, 503),
  {
    name: '429 with Retry-After',
    fault: { kind: 'status', status: 429, requests, headers: { 'retry-after': '1' } },
  },
  { name: '503 for a while', fault: { kind: 'status', status: 503 }, lastsMs },
  { name: '2xx with garbage', fault: { kind: 'garbage' } },
  { name: '100 Continue first', fault: { kind: 'continue', requests } },
  {
    name: 'redirect for a while',
    fault: { kind: 'status', status: 307, headers: { location: `${redirectPath}/batch` } },
    lastsMs,
  },
  ...configuration(401, 403, 404),
  {
    name: '413 by body size',
    fault: { kind: 'body-limit', bytes: bodyLimit },
    mixture: { tooLarge: 0.01, tooLargeBytes: 2 * bodyLimit },
  },
  refusal('1 %', 0.01),
  refusal('10 %', 0.1),
  refusal('all', 1),
  ...passing(408, 425, 500, 502, 504),
]
/** The last ones are of the same kind as some before. */
const shortRounds = forms.length - 5

/** One process. */
export const answers: Scenario = {
  name: 'answers',
  promise: 'whatever the API answers, each message is delivered in order or is a dead letter for its own fault',
  brokers: 1,
  usual: { rounds: forms.length, records: 400 * forms.length },
  short: { rounds: shortRounds, records: 120 * shortRounds },
  run: (stage) => strikeApi(stage, forms),
}
