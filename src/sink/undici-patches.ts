// What undici 8 does that a sink cannot live with, mended from outside. In: the connections that undici opens. Out: nothing.
//
// - A server or gateway may send `100 Continue` before its answer, asked or not (RFC 9110, 15.2: it is to be read over).
//   undici reads over 102 and 103, but ends the connection at 100: the batch would be sent again for ever.
// - A server that refuses our certificate says so in an alert and closes. undici forgets the alert for the closing.
import { subscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'

interface AnswerParser {
  onHeadersComplete(status: number, isUpgrade: boolean, keepsAlive: boolean): number
}

let isPatched = false

/** Mends every connection that undici opens in this process from now on. May be called again. */
export function patchUndici(): void {
  if (isPatched) return
  isPatched = true
  subscribe('undici:client:connected', (message) => {
    const { socket } = message as { readonly socket: Socket }
    readOverContinue(socket)
    socket.on('error', (error) => socket.destroy(error))
  })
}

function readOverContinue(socket: Socket): void {
  const parser = parserOf(socket)
  if (parser === null) return
  const original = parser.onHeadersComplete.bind(parser)
  parser.onHeadersComplete = (status, isUpgrade, keepsAlive) =>
    original(status === 100 ? 102 : status, isUpgrade, keepsAlive)
}

// undici keeps a connection's parser under a symbol of its own. Where another version has none, nothing is mended: a test
// of http-endpoint.ts fails then.
function parserOf(socket: Socket): AnswerParser | null {
  const key = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'parser')
  const parser: unknown = key === undefined ? null : Reflect.get(socket, key)
  const isParser = typeof parser === 'object' && parser !== null && 'onHeadersComplete' in parser
  return isParser ? (parser as AnswerParser) : null
}
