// Connections to the API: reset at every point of a request, half-closed, slow, silent, gone.
import type { ResetPoint } from '../api-faults.ts'
import type { Scenario } from '../scenario.ts'
import { strikeApi, type ApiForm } from './api-forms.ts'

const requests = 6
const lastsMs = 2_000
/** The timeout of the legs is 1.5 s. */
const slowMs = 2_500

function resets(...points: readonly ResetPoint[]): readonly ApiForm[] {
  return points.map((at) => ({ name: `reset, ${at}`, fault: { kind: 'reset', at, requests } }))
}

const forms: readonly ApiForm[] = [
  ...resets('head', 'body', 'accepted', 'answer'),
  { name: 'half-closed, answer lost', fault: { kind: 'half-closed', requests } },
  { name: 'answer slower than the timeout', fault: { kind: 'slow', ms: slowMs, accepts: 'at once', requests } },
  { name: 'never answers', fault: { kind: 'silent' }, lastsMs },
  { name: 'connection refused', fault: 'down', lastsMs },
  ...resets('received'),
  { name: 'accepted after the timeout', fault: { kind: 'slow', ms: slowMs, accepts: 'later', requests } },
  { name: 'answer trickles', fault: { kind: 'trickle', requests } },
]
/** The last ones are of the same kind as some before. */
const shortRounds = forms.length - 3

/** One process. */
export const connections: Scenario = {
  name: 'connections',
  promise: 'a connection to the API that breaks at any point loses nothing, and repeats are the same message',
  brokers: 1,
  usual: { rounds: forms.length, records: 400 * forms.length },
  short: { rounds: shortRounds, records: 120 * shortRounds },
  run: (stage) => strikeApi(stage, forms),
}
