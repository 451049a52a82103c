// Ports of a local Kafka: finding free ones, and waiting until a broker answers on one.
import { createServer, connect } from 'node:net'
import { systemClock } from '../clock.ts'

// Below the range that operating systems hand out for outgoing connections. A port of that range can be taken by any
// client while the broker starts, and a client that retries a dead broker there can even connect to itself.
const lowestPort = 20_000
const highestPort = 32_000
const pollMs = 25
const probeTimeoutMs = 1_000

// Metadata, version 6: length 15, api key 3, version 6, correlation id, client id null, no topics, create none.
const correlationId = 0x7462
const metadataRequest = Buffer.from('0000000f0003000600007462ffff0000000000', 'hex')
const brokerCountAt = 12

export interface KafkaAddress {
  readonly host: string
  readonly port: number
  /** When given, only the Kafka with this cluster id counts. */
  readonly clusterId?: string
}

/** `count` different TCP ports that nobody listens on at this moment at 127.0.0.1. */
export async function findFreePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = lowestPort + Math.floor(Math.random() * (highestPort - lowestPort))
    if (await isFree(port)) ports.add(port)
  }
  return [...ports]
}

/** True as soon as a plaintext Kafka with at least one broker answers at `host:port`, false when it has not within
 *  `timeoutMs` or when the signal aborts. Never throws. */
export async function waitForKafka(
  address: KafkaAddress,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<boolean> {
  const deadline = systemClock.now() + timeoutMs
  const ended = (): boolean => signal?.aborted === true || systemClock.now() >= deadline
  while (!ended()) {
    if (await answersKafka(address)) return true
    await systemClock.sleep(pollMs, signal)
  }
  return false
}

/** Asks who the brokers are: an open port alone may be anything, and another Kafka may have taken ours. */
function answersKafka({ host, port, clusterId = '' }: KafkaAddress): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    let received = Buffer.alloc(0)
    const settle = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(probeTimeoutMs, () => settle(false))
    socket.on('connect', () => socket.write(metadataRequest))
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      if (isWhole(received)) settle(tellsOfBroker(received) && received.includes(clusterId))
    })
    socket.on('error', () => settle(false))
    socket.on('close', () => settle(false))
  })
}

function isWhole(answer: Buffer): boolean {
  return answer.length >= 4 && answer.length >= 4 + answer.readInt32BE(0)
}

function tellsOfBroker(answer: Buffer): boolean {
  return (
    answer.length >= brokerCountAt + 4 &&
    answer.readInt32BE(4) === correlationId &&
    answer.readInt32BE(brokerCountAt) > 0
  )
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
