// A destination's sink -> what sink/http-endpoint.ts needs, and the probe that `check` sends with it.
import { TrackbridgeError } from '../../errors.ts'
import type { SinkConfig } from '../../config/schema.ts'
import { readSecret, secretSource } from '../../config/secret.ts'
import type { TlsMaterial } from '../../sink/http-dispatcher.ts'
import { createHttpEndpoint, type HttpEndpointOptions } from '../../sink/http-endpoint.ts'
import type { Credentials } from '../../sink/request-secrets.ts'
import type { Probe } from '../check/check-api.ts'
import { packageVersion } from '../version.ts'

/** Options of the endpoint. Files of secrets and certificates are read again when they change. */
export function endpointOptions(sink: SinkConfig): HttpEndpointOptions {
  return {
    url: sink.url,
    credentials: readCredentials(sink),
    headers: sink.headers,
    isStrict: sink.format === 'pipelines',
    compression: sink.compression,
    version: packageVersion(),
    timeoutMs: sink.limits.timeoutMs,
    maxInFlight: sink.limits.maxInFlight,
    tls: readTls(sink),
    ...(sink.proxy === undefined ? {} : { proxy: sink.proxy }),
  }
}

/** Asks without side effects: the Pipelines API with an empty batch in strict mode, any other endpoint with OPTIONS,
 *  which proves the way there and TLS, not the credentials. Never rejects. */
export const probeEndpoint: Probe = async (sink, signal) => {
  const endpoint = createHttpEndpoint(endpointOptions(sink))
  try {
    if (sink.format !== 'pipelines') return await endpoint.reach(signal)
    const body = Buffer.from('{"batch":[]}')
    return await endpoint.send({ path: '/batch', contentType: 'application/json', body }, signal)
  } finally {
    await endpoint.close()
  }
}

function readCredentials({ auth, apiKey, apiKeyFile }: SinkConfig): () => Credentials {
  if (auth?.type === 'none') return () => ({ type: 'none' })
  if (auth?.type === 'bearer') {
    const token = secretOf(auth.token, auth.tokenFile)
    return () => ({ type: 'bearer', token: token() })
  }
  if (auth?.type === 'basic') {
    const { username } = auth
    const password = secretOf(auth.password, auth.passwordFile)
    return () => ({ type: 'basic', username, password: password() })
  }
  const key = secretOf(apiKey, apiKeyFile)
  return () => ({ type: 'basic', username: key(), password: '' })
}

function secretOf(text: string | undefined, file: string | undefined): () => string {
  const source = secretSource(text, file)
  if (source === undefined) throw new TrackbridgeError('TB_BUG', 'a sink has neither a secret nor a file of it')
  return readSecret(source)
}

function readTls({ caFile, certFile, keyFile, passphrase }: SinkConfig): () => TlsMaterial {
  const reads = Object.entries({ ca: caFile, cert: certFile, key: keyFile }).flatMap(([name, file]) =>
    file === undefined ? [] : [[name, readSecret({ file })] as const],
  )
  const own = passphrase === undefined ? {} : { passphrase }
  return () => ({ ...Object.fromEntries(reads.map(([name, read]) => [name, read()])), ...own })
}
