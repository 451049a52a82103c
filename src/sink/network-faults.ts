// PURE: an error of a connection -> its name. In: whatever sending a request threw. Out: the name of a passing fault, or
// the cause of one that only a change of the configuration, or of the server, mends. Never an error's own message: it
// may quote headers, or addresses with credentials. Ruled by sink.md, "Behaviour".

/** `isConfiguration`: asking again is no use until somebody has mended something. */
export interface NetworkFault {
  readonly networkError: string
  readonly isConfiguration?: true
}

/** Names are codes of the system (`ECONNRESET`), of undici (`UND_ERR_SOCKET`), of the parser of HTTP (`HPE_...`);
 *  faults of the configuration are sentences: the cause, what to do, and the code. Never throws. */
export function networkFault(error: unknown): NetworkFault {
  const chain = chainOf(error)
  const refusal = chain.map(({ message }) => proxyRefusal(message)).find((found) => found !== null)
  if (refusal) return refusal
  const codes = chain.map(codeOf).filter((code) => code !== null)
  for (const code of codes) {
    const why = configurationFault(code)
    if (why !== null) return configuration(`${why} (${code})`)
  }
  const name = codes.findLast((code) => !code.startsWith('UND_ERR')) ?? codes.at(-1) ?? chain.at(-1)?.name
  return { networkError: name ?? 'network error' }
}

/** The fault of a setting, e.g. of a file that cannot be read. */
export const configuration = (why: string): NetworkFault => ({ networkError: why, isConfiguration: true })

function chainOf(error: unknown): readonly Error[] {
  const chain: Error[] = []
  for (let at = error; at instanceof Error && !chain.includes(at); at = at.cause) chain.push(at)
  return chain
}

const codeOf = (error: Error): string | null =>
  'code' in error && typeof error.code === 'string' && error.code !== '' ? error.code : null

const proxyFaults: Readonly<Record<string, string>> = {
  401: 'the proxy refuses the user name or password of `proxy`',
  403: 'the proxy does not allow the address of this endpoint',
  407: 'the proxy asks for credentials: put a valid user name and password into `proxy`',
}

// undici gives a proxy's refusal as words only.
function proxyRefusal(message: string): NetworkFault | null {
  const [, answered, asked] = /^Proxy response \((\d+)\)|^Proxy Authentication Required \((407)\)/.exec(message) ?? []
  const status = answered ?? asked
  if (status === undefined) return null
  const why = proxyFaults[status]
  return why === undefined ? { networkError: `the proxy answers ${status}` } : configuration(why)
}

const causes: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'the certificate of the server has expired: it must be renewed there',
  CERT_NOT_YET_VALID: 'the certificate of the server is not valid yet: compare the clocks, or renew it there',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'the certificate of the server is for another host: use the name it was issued for in `url`, or renew it there',
  ERR_SSL_WRONG_VERSION_NUMBER: notTls(),
  ERR_SSL_PACKET_LENGTH_TOO_LONG: notTls(),
  ERR_SSL_HTTP_REQUEST: notTls(),
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: '`keyFile` is not the key of the certificate in `certFile`',
  ERR_OSSL_BAD_DECRYPT: '`passphrase` is missing or is not that of `keyFile`',
  UND_ERR_INVALID_ARG: 'the request cannot be made: a token or header holds characters that HTTP does not allow',
}

function notTls(): string {
  return 'the server does not speak TLS at this port: use its https port, or http in `url`'
}

const unknownAuthority: ReadonlySet<string> = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
])

const refusedCertificate: ReadonlySet<string> = new Set([
  'CERT_CHAIN_TOO_LONG',
  'CERT_REVOKED',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
  'CERT_SIGNATURE_FAILURE',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
])

// Bytes were spoilt on their way, or the server is in trouble: both pass.
const passingTls = /BAD_RECORD_MAC|DECRYPTION_FAILED|INTERNAL_ERROR|UNEXPECTED_EOF/

const noAgreement =
  'the server and trackbridge cannot agree on TLS, or it demands a certificate of ours (`certFile`, `keyFile`)'

function configurationFault(code: string): string | null {
  const cause = causes[code]
  if (cause !== undefined) return cause
  if (unknownAuthority.has(code))
    return 'the certificate of the server is from an authority that is not known here: name it in `caFile`'
  if (refusedCertificate.has(code)) return 'the certificate of the server is not accepted: it must be renewed there'
  if (passingTls.test(code)) return null
  if (/^ERR_SSL_.*ALERT_.*(?:CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)/.test(code))
    return 'the server demands a certificate of ours, or refuses it: set or renew `certFile` and `keyFile`'
  if (code.startsWith('ERR_OSSL_')) return '`caFile`, `certFile` or `keyFile` is not PEM that can be used'
  return code.startsWith('ERR_SSL_') ? noAgreement : null
}
