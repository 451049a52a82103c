// Whose rate limit a request counts against. In: where it goes and with which credentials. Out: a text that is the same
// for the same API and key, and tells neither. Ruled by sink.md, "Facts of the API": limits are per key.
import { createHash } from 'node:crypto'
import type { HttpEndpointOptions } from './http-endpoint.ts'
import { secretsOf } from './request-secrets.ts'

/** The API's origin and the credentials, or where there are none, the further headers, among which a key may be.
 *  Hashed, since it is kept for long. Throws when the credentials cannot be read. */
export function rateIdentity({ url, headers, ...endpoint }: HttpEndpointOptions): string {
  const { authorization } = secretsOf(endpoint.credentials())
  const key = authorization ?? JSON.stringify(headers ?? {})
  return createHash('sha256')
    .update(`${new URL(url).origin} ${key}`)
    .digest('base64')
}
