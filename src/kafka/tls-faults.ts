// PURE: an error of TLS -> what is wrong, and what to change. In: code and message of what Node's sockets, or kafkajs after
// them, have thrown; kafkajs keeps the words of some and loses their code. Out: a sentence, or nothing for other errors.
// Brokers answer with alerts, which say little: the sentence names what can be behind one.

export interface TlsFault {
  /** The code, e.g. `CERT_HAS_EXPIRED`, or the name of the alert, e.g. `bad certificate`. */
  readonly name: string
  readonly text: string
}

const caKeys = 'kafka.ssl.ca or caFile'
const certKeys = 'cert and key, or certFile and keyFile, of kafka.ssl'

const byCode: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "the broker's certificate has expired: renew it there",
  CERT_NOT_YET_VALID: "the broker's certificate is not valid yet: compare the clocks, or renew it there",
  ERR_TLS_CERT_ALTNAME_INVALID:
    "the broker's certificate is for another host: set kafka.ssl.serverName to the name that it bears, or have it issued for this host",
}

const unknownAuthority: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

interface Row {
  readonly words: RegExp
  readonly text: string
}

// Tried in order, on the message.
const byWords: readonly Row[] = [
  {
    words: /certificate required|bad certificate/i,
    text: `the broker demands a certificate of ours, or refuses the one it got: set or renew ${certKeys}`,
  },
  { words: /certificate expired/i, text: `our certificate has expired, says the broker: renew ${certKeys}` },
  {
    words: /unknown ca|certificate unknown|unsupported certificate|certificate revoked|access denied/i,
    text: `the broker does not accept our certificate (expired, or of an authority that it does not know): renew ${certKeys}`,
  },
  { words: /key values mismatch/i, text: `our key does not belong to our certificate: look at ${certKeys}` },
  {
    words: /bad decrypt|bad password|interrupted or cancelled|empty password/i,
    text: 'the passphrase of our key is missing or wrong: set passphrase or passphraseFile of kafka.ssl',
  },
  {
    words: /no start line|bad base64|PEM routines|asn1 encoding routines|DECODER routines/i,
    text: `a certificate or key is not PEM that can be used: look at ${caKeys}, and at ${certKeys}`,
  },
  {
    words: /wrong version number|packet length too long/i,
    text: 'the broker does not speak TLS at this port: use its TLS port, or set kafka.ssl to false',
  },
  {
    words: /protocol version|handshake failure|no shared cipher|unsupported protocol/i,
    text: `the broker and trackbridge cannot agree on TLS, or it demands a certificate of ours: look at its ssl.enabled.protocols, and at ${certKeys}`,
  },
  {
    words: /self[- ]signed certificate|unable to (?:verify|get)[\w ]*certificate/i,
    text: authorityText(),
  },
]

function authorityText(): string {
  return `the broker's certificate is from an authority that is not known here: name it in ${caKeys}`
}

// Bytes were spoilt on their way, or the broker is in trouble: both pass.
const passing = /bad record mac|decryption failed|internal error|unexpected eof/i

/** undefined for what has nothing to do with TLS, or passes. Never throws. */
export function tlsFault(code: string, message: string): TlsFault | undefined {
  const known = unknownAuthority.has(code) ? authorityText() : byCode[code]
  if (known !== undefined) return { name: code, text: known }
  if (passing.test(message)) return undefined
  const isTls = /^(?:ERR_SSL_|ERR_OSSL_|ERR_TLS_|CERT_)/.test(code) || /certificate|routines:/i.test(message)
  if (!isTls) return undefined
  const name = code || alertName(message)
  const row = byWords.find(({ words }) => words.test(message))
  return { name, text: row?.text ?? `the TLS connection is refused: look at the listener, ${caKeys}, and ${certKeys}` }
}

/** `sslv3 alert bad certificate` -> `bad certificate`; the library's number and place are nobody's business. */
function alertName(message: string): string {
  const [, alert] = /alert ([a-z ]+)/i.exec(message) ?? []
  return alert?.trim() ?? 'TLS'
}
