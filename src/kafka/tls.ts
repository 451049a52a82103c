// Sockets to the brokers. In: what of TLS is configured, read anew for each connection. Out: kafkajs's socket factory.
// A certificate and its key are two files: between the two writes of a rotation they do not fit together, and then the
// last pair that did stays in use.
import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls'
import type { ISocketFactory } from 'kafkajs'
import { TrackbridgeError } from '../errors.ts'
import { tlsFault } from './tls-faults.ts'

/** PEM texts, not paths. Empty: TLS with the authorities that Node knows. */
export interface TlsMaterial {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly passphrase?: string
  /** Name that the broker's certificate must bear, where it is not the broker's host. */
  readonly serverName?: string
}

/** false: no TLS. Called for each connection, so that files may be rotated. */
export type ReadTls = false | (() => TlsMaterial)

export interface Destination {
  readonly host: string
  readonly port: number
}

/** How a socket is opened with this TLS. The factory's function throws Node's error of PEM that cannot be used. */
export function createSocketFactory(readTls: ReadTls): ISocketFactory {
  const context = readTls === false ? undefined : createContextReader(readTls)
  return ({ host, port, onConnect }) => {
    const socket =
      context === undefined ? connectPlain({ host, port }, onConnect) : openTls({ host, port }, context(), onConnect)
    socket.setKeepAlive(true, 60_000)
    // Without it every small request of a transaction may wait for the acknowledgement of the one before.
    socket.setNoDelay(true)
    return socket
  }
}

interface Context {
  readonly secureContext: SecureContext
  readonly serverName: string | undefined
}

function openTls({ host, port }: Destination, context: Context, onConnect: () => void): Socket {
  const { secureContext, serverName = isIP(host) === 0 ? host : undefined } = context
  return connectTls(
    { host, port, secureContext, ...(serverName === undefined ? {} : { servername: serverName }) },
    onConnect,
  )
}

/** The context of the material as it is now; of the last one that was sound while the new one is not. */
function createContextReader(readTls: () => TlsMaterial): () => Context {
  let held: { readonly stamp: string; readonly context: Context } | undefined
  return () => {
    const material = readTls()
    const stamp = JSON.stringify(material)
    if (held?.stamp === stamp) return held.context
    try {
      const context = contextOf(material)
      held = { stamp, context }
      return context
    } catch (error) {
      if (held === undefined) throw error
      return held.context
    }
  }
}

/** Throws TB_CONFIG_INVALID for texts that are no certificates or keys, do not belong together, or lack their passphrase. */
export function requireSoundTls(material: TlsMaterial): void {
  const { ca, cert } = material
  for (const [name, pem] of Object.entries({ ca, cert }))
    // Node takes an authority that is none without a word.
    if (pem !== undefined && !pem.includes('-----BEGIN'))
      throw invalid(`${name}, or ${name}File, holds no PEM certificate`)
  try {
    contextOf(material)
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    throw invalid(tlsFault(code, message)?.text ?? message)
  }
}

const invalid = (why: string): TrackbridgeError => new TrackbridgeError('TB_CONFIG_INVALID', `kafka.ssl: ${why}`)

function contextOf({ serverName, ...pem }: TlsMaterial): Context {
  return { secureContext: createSecureContext(pem), serverName }
}
