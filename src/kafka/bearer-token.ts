// Bearer tokens: what is sent, when it ends, whom brokers take its bearer for. Read, never checked: that is the brokers'
// part. Ruled by RFC 7628 (SASL OAUTHBEARER) and RFC 7519 (JWT).

/** A token for SASL/OAUTHBEARER, e.g. `{value: 'eyJ...', extensions: {logicalCluster: 'lkc-1'}}`. */
export interface BearerToken {
  readonly value: string
  readonly extensions?: Readonly<Record<string, string>>
}

interface Claims {
  readonly sub?: unknown
  readonly exp?: unknown
}

/** `User:<sub>`, which brokers take for the principal unless they are set up otherwise; undefined for a token that is no
 *  JWT. Never throws. */
export function principalOfToken(token: string): string | undefined {
  const { sub } = claimsOf(token)
  return typeof sub === 'string' && sub !== '' ? `User:${sub}` : undefined
}

/** When a JWT ends, in milliseconds since 1970; undefined where it does not say so. Never throws. */
export function expiryOfToken(token: string): number | undefined {
  const { exp } = claimsOf(token)
  return typeof exp === 'number' && Number.isFinite(exp) ? exp * 1_000 : undefined
}

function claimsOf(token: string): Claims {
  const [, payload = ''] = token.split('.')
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
    return typeof claims === 'object' && claims !== null ? claims : {}
  } catch {
    return {}
  }
}
