import { createServer, type Server } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { findFreePorts, waitForKafka } from '../../src/demo/kafka-port.ts'

const oneBroker = answer('000000010000000100096c6f63616c686f737400002384ffff')

test('free ports differ and lie below those of outgoing connections', async () => {
  const ports = await findFreePorts(20)
  expect(new Set(ports).size).toBe(20)
  expect(ports.every((port) => port >= 20_000 && port < 32_000)).toBe(true)
})

test('a broker that tells of itself is there', async () => {
  const port = await listening(oneBroker)
  expect(await waitForKafka({ host: '127.0.0.1', port }, { timeoutMs: 5_000 })).toBe(true)
})

test('an answer is put together from its pieces', async () => {
  const port = await listening(oneBroker, 7)
  expect(await waitForKafka({ host: '127.0.0.1', port }, { timeoutMs: 5_000 })).toBe(true)
})

test.each([
  ['knows of no broker yet', answer('00000000')],
  ['is another protocol', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ['closes at once', Buffer.alloc(0)],
])('a listener that %s is no Kafka', async (_name, bytes) => {
  const port = await listening(bytes)
  expect(await waitForKafka({ host: '127.0.0.1', port }, { timeoutMs: 60 })).toBe(false)
})

test('a Kafka with another cluster id is not ours', async () => {
  const port = await listening(Buffer.concat([oneBroker]))
  const address = { host: '127.0.0.1', port, clusterId: 'ours' }
  expect(await waitForKafka(address, { timeoutMs: 60 })).toBe(false)
})

test('an abort ends the wait', async () => {
  const [port = 0] = await findFreePorts(1)
  const wait = waitForKafka({ host: '127.0.0.1', port }, { timeoutMs: 3_600_000, signal: AbortSignal.abort() })
  expect(await wait).toBe(false)
})

function answer(brokers: string): Buffer {
  const body = Buffer.from(`0000746200000000${brokers}`, 'hex')
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.length)
  return Buffer.concat([length, body])
}

async function listening(bytes: Buffer, pieceBytes = 1_000): Promise<number> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => {
      if (bytes.length === 0) socket.end()
      for (let at = 0; at < bytes.length; at += pieceBytes) socket.write(bytes.subarray(at, at + pieceBytes))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
