// SASL/OAUTHBEARER over kafkajs's connections (RFC 7628). kafkajs's own takes any answer for consent: a broker refuses a token
// with a text of its own first, and kafkajs would go on as if it were in, with closed connections for all that follows.
import type { AuthenticationProviderArgs, Authenticator } from 'kafkajs'
import type { BearerToken } from './bearer-token.ts'

const separator = '\u0001'

/** kafkajs's authentication provider: asks for a token at each authentication. The authenticator rejects with what `token`
 *  rejects with, or with an error named KafkaJSSASLAuthenticationError that bears the broker's own words. */
export function oauthAuthentication(
  token: () => Promise<BearerToken>,
): (args: AuthenticationProviderArgs) => Authenticator {
  return ({ saslAuthenticate }) => ({
    async authenticate() {
      const refusal = await saslAuthenticate({ request: bytesRequest(clientMessage(await token())), response: text })
      if (refusal === undefined || refusal === '') return
      // The end of a refused exchange: the broker now answers with its error.
      const error = await saslAuthenticate({ request: bytesRequest(separator), response: text }).catch(
        (reason: unknown) => reason,
      )
      const said = error instanceof Error ? error.message : refusal
      throw Object.assign(new Error(said), { name: 'KafkaJSSASLAuthenticationError', retriable: false })
    },
  })
}

/** e.g. `n,,^Aauth=Bearer eyJ...^AlogicalCluster=lkc-1^A^A`. */
function clientMessage({ value, extensions = {} }: BearerToken): string {
  const pairs = [['auth', `Bearer ${value}`], ...Object.entries(extensions)].map(([key, text]) => `${key}=${text}`)
  return ['n,,', ...pairs, '', ''].join(separator)
}

// Both ways kafkajs wants the bytes behind their length.
const lengthBytes = 4

function bytesRequest(message: string) {
  const bytes = Buffer.from(message)
  const length = Buffer.alloc(lengthBytes)
  length.writeInt32BE(bytes.length)
  return { encode: () => Buffer.concat([length, bytes]) }
}

const text = {
  decode: (raw: Buffer): Buffer => raw.subarray(lengthBytes),
  parse: (bytes: Buffer): string => bytes.toString('utf8'),
}
