// Whose rate limit a request counts against. In: where it goes and with which credentials. Out: a text that is the same
// for the same API and key, and tells neither. Ruled by sink.md, "Facts of the API": limits are per key.
import { createHash } from 'node:crypto'
import type { HttpEndpointOptions } from './http-endpoint.ts'
import { followCredentials, secretsOf } from './request-secrets.ts'

/** A function that is asked before each request, for keys change. Of the API's origin and the credentials, or where there
 *  are none, of the further headers, among which a key may be. Hashed, since it is kept for long. Throws when the
 *  credentials cannot be read. */
export function createRateIdentity({ url, headers, ...endpoint }: HttpEndpointOptions): () => string {
  const { origin } = new URL(url)
  const withoutKey = JSON.stringify(headers ?? {})
  return followCredentials(
    () => endpoint.credentials(),
    (credentials) => {
      const key = secretsOf(credentials).authorization ?? withoutKey
      return createHash('sha256').update(`${origin} ${key}`).digest('base64')
    },
  )
}
