// The stand-in of the Pipelines API, as cheap as it can be: it counts what it is sent, takes it or, where the job says so,
// refuses every request that holds a marked message, and tells when it was busy or how late messages were.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { systemClock } from '../../src/clock.ts'
import { countMessages, dueTimes, holdsRefused } from '../message-marks.ts'
import { latencyFigures } from '../report.ts'
import type { Job, Open } from './contender.ts'

export const open: Open = async (job) => {
  const account = createAccount(job)
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => answer(response, account.settle(plainBody(request, chunks))))
  })
  // Longer than any pause of a benchmark: nobody shall pay for connecting twice.
  server.keepAliveTimeout = 600_000
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  let done = false
  return {
    joined: () => true,
    processed: account.processed,
    figures: () => ({ port, ...account.figures(done) }),
    async drain() {
      done = true
    },
    async stop() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function plainBody({ headers }: IncomingMessage, chunks: readonly Buffer[]): Buffer {
  const [first] = chunks
  const body = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks)
  return headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
}

function answer(response: ServerResponse, taken: boolean): void {
  const body = taken ? '{}' : '{"error":"a message of this request is refused"}'
  response.writeHead(taken ? 200 : 400, { 'content-type': 'application/json', 'content-length': body.length })
  response.end(body)
}

/** Counts of one run. With `warmUpMs` in the job the messages tell when they were due, and only those that do count. */
function createAccount({ refuses = false, warmUpMs }: Job) {
  const counts = { accepted: 0, refused: 0, requests: 0 }
  const latenciesMs: number[] = []
  const busy = { firstMs: Number.NaN, lastMs: Number.NaN }
  let firstDueMs: number | undefined
  const takeTimes = (dues: readonly number[], from: number): void => {
    const nowMs = systemClock.now()
    for (const dueMs of dues) {
      firstDueMs ??= dueMs
      if (dueMs >= firstDueMs + from) latenciesMs.push(nowMs - dueMs)
    }
  }
  return {
    processed: () => counts.accepted,
    /** Whether a request is taken. */
    settle(body: Buffer): boolean {
      counts.requests++
      busy.lastMs = performance.now()
      if (!(busy.firstMs <= busy.lastMs)) busy.firstMs = busy.lastMs
      const dues = warmUpMs === undefined ? undefined : dueTimes(body)
      const messages = dues?.length ?? countMessages(body)
      if (refuses && holdsRefused(body)) {
        if (messages === 1) counts.refused++
        return false
      }
      counts.accepted += messages
      if (dues !== undefined) takeTimes(dues, warmUpMs ?? 0)
      return true
    },
    figures: (done: boolean): Readonly<Record<string, number>> => ({
      ...counts,
      busySeconds: (busy.lastMs - busy.firstMs) / 1000,
      ...(done && warmUpMs !== undefined ? latencyFigures(latenciesMs) : {}),
    }),
  }
}
