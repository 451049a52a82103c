// Each destination with a sink: is the API there, and does it take the key? In: Config and a probe. Out: items. Ruled by
// product.md, "Commands".
import type { Config, DestinationConfig, SinkConfig } from '../../config/schema.ts'
import { fault, fine, messageOf, type CheckItem } from './check-item.ts'

export type ProbeAnswer = { readonly status: number } | { readonly networkError: string }

/** The Pipelines API: POSTs an empty batch to `<url>/batch` with X-Strict-Mode: 1. Any other endpoint takes whatever it is
 *  sent, so it is only asked with OPTIONS, without credentials. Never rejects for an answer or a network error. */
export type Probe = (sink: SinkConfig, signal: AbortSignal) => Promise<ProbeAnswer>

/** An item for each sink, and one for settings that the API will not bear. Never rejects. */
export async function apiItems(config: Config, probe: Probe, signal: AbortSignal): Promise<readonly CheckItem[]> {
  const items = config.destinations.map(async ({ name, sink }: DestinationConfig) => {
    if (sink === undefined) return []
    const answer = await probe(sink, signal).catch((error: unknown) => ({ networkError: messageOf(error) }))
    return [judgeProbe(`API of ${name}`, answer, sink)]
  })
  return (await Promise.all(items)).flat()
}

/** What an answer to the probe proves. 400 is the API refusing the empty batch of a key that it knows. Of an endpoint that
 *  is none of Pipelines any answer but the proxy's own proves that it is there, and none that it takes the credentials. */
export function judgeProbe(
  name: string,
  answer: ProbeAnswer,
  { url, format }: Pick<SinkConfig, 'url' | 'format'>,
): CheckItem {
  if ('networkError' in answer) return fault(name, `${url} is not reached: ${answer.networkError}`, unreachable)
  const { status } = answer
  if (format !== 'pipelines' && status !== 407)
    return fine(name, `${url} is reached; only the first batch shows whether it takes messages and credentials`)
  if (status === 400 || (status >= 200 && status < 300)) return fine(name, `${url} is reached and takes the API key`)
  const { why, toDo } = refusalOf(status)
  return fault(name, `${url} answers ${status}${why}`, toDo)
}

function refusalOf(status: number): { readonly why: string; readonly toDo: string } {
  const [why, toDo] = refusals[status] ?? (status >= 300 && status < 400 ? redirect : [])
  if (why === undefined) return { why: '', toDo: 'look at url and proxy, and whether the API has an outage' }
  return { why: `: ${why}`, toDo: toDo ?? '' }
}

const unreachable = 'look at url, proxy, caFile and the firewall between'
const newKey =
  'put the API key of the Pipelines source into apiKey or apiKeyFile; region or url must be that of its account'
const redirect: readonly [why: string, toDo: string] = ['it redirects', 'name the final address in url']

const refusals: Readonly<Record<number, readonly [why: string, toDo: string]>> = {
  401: ['the API key is refused', newKey],
  403: ['the API key is refused', newKey],
  404: ['no Pipelines API is there', 'url is the base, as in https://cdp.customer.io/v1'],
  407: ['the proxy wants a user name and password', 'write them into proxy, as in http://user:password@host:port'],
  429: ['too many requests, so the API key is not proved', 'try again later'],
}
