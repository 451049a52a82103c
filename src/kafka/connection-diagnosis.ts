// Why a connection to the brokers fails where their own answer is little or nothing. The listener speaks TLS and we do not, or
// the other way round; it wants SASL and we have none, or another mechanism: found by asking the first broker a few small
// questions, each over a connection of its own, once the connection proper has failed. What it refuses of ours (password,
// token, certificate) is named from our settings.
import { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { systemClock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import type { ConnectionSettings } from './connection.ts'
import { createSocketFactory } from './tls.ts'
import { createByteReader } from './wire/byte-reader.ts'
import { createByteWriter } from './wire/byte-writer.ts'

type Settings = Pick<ConnectionSettings, 'brokers' | 'ssl' | 'sasl' | 'connectionTimeoutMs'>

/** The same fault, or one that says what the listener wants, where that is why nothing can be asked there. Never rejects. */
export async function explainConnection(settings: Settings, fault: TrackbridgeError): Promise<TrackbridgeError> {
  const { kafkaError = '' } = fault.context
  const why = refusedOfOurs(settings, kafkaError) ?? (await asked(settings, fault))
  if (why === undefined) return fault
  return new TrackbridgeError('TB_KAFKA_UNAUTHORIZED', `cannot connect to Kafka: ${why}`, {
    context: fault.context,
    cause: fault,
  })
}

function asked(settings: Settings, fault: TrackbridgeError): Promise<string | undefined> {
  return isOpen(fault) ? diagnose(settings).catch(() => undefined) : Promise.resolve(undefined)
}

/** Brokers refuse what we show without saying much: what it was is known here. */
function refusedOfOurs({ ssl, sasl }: Settings, kafkaError: string): string | undefined {
  if (kafkaError === 'KafkaJSSASLAuthenticationError' || kafkaError === 'SASL_AUTHENTICATION_FAILED')
    return sasl === undefined ? undefined : refusedCredentials(sasl)
  if (ssl === false || !/certificate|unknown ca/i.test(kafkaError)) return undefined
  return refusedCertificate(ssl().cert)
}

function refusedCredentials(sasl: NonNullable<Settings['sasl']>): string {
  if (sasl.mechanism !== 'oauthbearer')
    return `the brokers refuse the password of user "${sasl.username}" (${sasl.mechanism.toUpperCase()}): look at username and password, or passwordFile, of kafka.sasl`
  const of = sasl.principal() === undefined ? '' : ` of ${sasl.principal()}`
  return `the brokers refuse the bearer token${of}: it may have ended, or be of another issuer or audience; look at kafka.sasl`
}

function refusedCertificate(pem: string | undefined): string | undefined {
  if (pem === undefined)
    return 'the brokers demand a certificate of ours: set cert and key, or certFile and keyFile, of kafka.ssl'
  const { subject, issuer, validTo, validToDate } = new X509Certificate(pem)
  const ours = `our certificate (${oneLine(subject)})`
  const ending = 'of kafka.ssl'
  if (validToDate.getTime() < systemClock.now())
    return `${ours} has ended on ${validTo}: renew cert, or certFile, ${ending}`
  return `the brokers refuse ${ours}, issued by ${oneLine(issuer)}: they must know that authority (ssl.truststore of the listener), or cert, or certFile, ${ending} must be of one that they know`
}

const oneLine = (name: string): string => name.replaceAll('\n', ', ')

const openFaults: ReadonlySet<string> = new Set(['UNSUPPORTED_SASL_MECHANISM', 'ILLEGAL_SASL_STATE', 'TLS'])
// Nobody is there, or it cannot be found: no listener is to blame.
const absent: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'])

function isOpen({ code, context }: TrackbridgeError): boolean {
  const { kafkaError = '' } = context
  if (openFaults.has(kafkaError) || /WRONG_VERSION_NUMBER|wrong version/i.test(kafkaError)) return true
  return code === 'TB_KAFKA_UNAVAILABLE' && kafkaError !== '' && !absent.has(kafkaError)
}

async function diagnose({ brokers, ssl, sasl, connectionTimeoutMs }: Settings): Promise<string | undefined> {
  const [broker = ''] = brokers
  const cut = broker.lastIndexOf(':')
  const place: Place = {
    host: broker.slice(0, cut),
    port: Number(broker.slice(cut + 1)),
    timeoutMs: connectionTimeoutMs,
  }
  const open = socketOpener(ssl)
  if (!(await speaksKafka(place, open))) return otherProtocol(place, ssl)
  const mechanisms = await saslMechanisms(place, open, sasl?.mechanism ?? 'PLAIN')
  const at = `the listener at ${broker}`
  if (mechanisms === undefined) {
    return sasl === undefined
      ? undefined
      : `${at} knows no SASL: leave kafka.sasl out, or use the port of a SASL listener`
  }
  const offered = mechanisms.length === 0 ? '' : ` (it offers ${mechanisms.join(', ')})`
  if (sasl === undefined) return `${at} wants SASL${offered}, and kafka.sasl is not set`
  const ours = sasl.mechanism.toUpperCase()
  if (mechanisms.includes(ours)) return undefined
  return `${at} does not take the SASL mechanism ${ours}${offered}: change kafka.sasl.mechanism, or the broker's sasl.enabled.mechanisms`
}

async function otherProtocol(place: Place, ssl: Settings['ssl']): Promise<string | undefined> {
  const at = `the listener at ${place.host}:${place.port}`
  if (ssl === false) {
    const isTls = await answersTls(place)
    return isTls ? `${at} speaks TLS, and kafka.ssl is not set: set it to true, or to a mapping with a ca` : undefined
  }
  const isPlain = await speaksKafka(place, socketOpener(false))
  return isPlain ? `${at} does not speak TLS: use the port of its TLS listener, or set kafka.ssl to false` : undefined
}

interface Place {
  readonly host: string
  readonly port: number
  readonly timeoutMs: number
}

type Open = (place: Place, onConnect: () => void) => Socket

function socketOpener(ssl: Settings['ssl']): Open {
  const factory = createSocketFactory(ssl)
  return ({ host, port }, onConnect) => factory({ host, port, ssl: {}, onConnect })
}

/** True when an unverified TLS handshake comes to anything but silence: its end, or an alert. */
function answersTls({ host, port, timeoutMs }: Place): Promise<boolean | undefined> {
  return settled(timeoutMs, (settle) => {
    // Whom we speak to does not matter here: nothing is sent.
    const socket = connectTls({ host, port, rejectUnauthorized: false }, () => settle(true))
    socket.on('error', (error: NodeJS.ErrnoException) => settle(/alert/i.test(error.message)))
    socket.on('close', () => settle(false))
    return socket
  })
}

const apiVersionsKey = 18
const saslHandshakeKey = 17

async function speaksKafka(place: Place, open: Open): Promise<boolean> {
  return (await ask(place, open, requestFrame(apiVersionsKey, 0))) !== undefined
}

const unsupportedMechanism = 33

/** Mechanisms of a listener with SASL; undefined where it has none. */
async function saslMechanisms(place: Place, open: Open, mechanism: string): Promise<readonly string[] | undefined> {
  const body = createByteWriter().string(mechanism.toUpperCase()).finish()
  const answer = await ask(place, open, requestFrame(saslHandshakeKey, 1, body))
  if (answer === undefined) return undefined
  const reader = createByteReader(answer)
  const code = reader.int16()
  const mechanisms = reader.array(() => reader.string() ?? '')
  return code === 0 || code === unsupportedMechanism ? mechanisms : undefined
}

function requestFrame(apiKey: number, apiVersion: number, body: Buffer = Buffer.alloc(0)): Buffer {
  const request = createByteWriter().int16(apiKey).int16(apiVersion).int32(1).string('trackbridge').raw(body).finish()
  return createByteWriter().int32(request.length).raw(request).finish()
}

// An answer is an int32 length, an int32 correlation id, and its body.
const headBytes = 8
const longestAnswerBytes = 1_000_000

/** The body of the answer; undefined when the broker closes the connection, says something else, or nothing in time. */
function ask(place: Place, open: Open, request: Buffer): Promise<Buffer | undefined> {
  return settled(place.timeoutMs, (settle) => {
    const chunks: Buffer[] = []
    const socket = open(place, () => void socket.write(request))
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      const all = Buffer.concat(chunks)
      if (all.length < headBytes) return
      const bytes = all.readInt32BE(0)
      if (bytes < headBytes / 2 || bytes > longestAnswerBytes) settle(undefined)
      else if (all.length >= bytes + headBytes / 2) settle(all.subarray(headBytes, bytes + headBytes / 2))
    })
    socket.on('error', () => settle(undefined))
    socket.on('close', () => settle(undefined))
    return socket
  })
}

/** What `begin` settles with first; undefined after `timeoutMs`. The socket is gone then. */
async function settled<T>(
  timeoutMs: number,
  begin: (settle: (value: T | undefined) => void) => Socket,
): Promise<T | undefined> {
  const { promise, resolve } = Promise.withResolvers<T | undefined>()
  const socket = begin(resolve)
  socket.setTimeout(timeoutMs, () => resolve(undefined))
  try {
    return await promise
  } finally {
    socket.destroy()
  }
}
