// A destination's sink -> what sink/pipelines-api.ts needs, and the probe that `check` sends with it.
import { TrackbridgeError } from '../errors.ts'
import type { SinkConfig } from '../config/schema.ts'
import { readSecret, secretSource } from '../config/secret.ts'
import { createPipelinesApi, type PipelinesApiOptions } from '../sink/pipelines-api.ts'
import type { Probe } from './checks.ts'
import { packageVersion } from './version.ts'

/** Options of the API client. The key's file is read again when it changes; the authority's file once. */
export function pipelinesApiOptions(sink: SinkConfig): PipelinesApiOptions {
  const source = secretSource(sink.apiKey, sink.apiKeyFile)
  if (source === undefined) throw new TrackbridgeError('TB_BUG', 'a sink has neither apiKey nor apiKeyFile')
  return {
    url: sink.url,
    apiKey: readSecret(source),
    version: packageVersion(),
    timeoutMs: sink.limits.timeoutMs,
    maxInFlight: sink.limits.maxInFlight,
    ...(sink.proxy === undefined ? {} : { proxy: sink.proxy }),
    ...(sink.caFile === undefined ? {} : { ca: readSecret({ file: sink.caFile })() }),
  }
}

/** Asks the API without side effects: an empty batch in strict mode. Never rejects but for a bad file. */
export const probePipelinesApi: Probe = async (sink, signal) => {
  const api = createPipelinesApi(pipelinesApiOptions(sink))
  try {
    return await api.send({ path: 'batch', body: '{"batch":[]}' }, signal)
  } finally {
    await api.close()
  }
}
