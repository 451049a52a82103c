import { createServer, connect, type Server, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { findFreePorts } from '../../src/demo/kafka-port.ts'
import { startFaultProxy, type FaultProxy } from './fault-proxy.ts'
import { createFaultRules, type FaultRule } from './fault-rules.ts'
import { createFrameSplitter } from './kafka-frames.ts'
import { until } from './until.ts'

/** An EndTxn request, and the answer that the broker below gives to it. */
const request = (id: number): Buffer =>
  Buffer.from(`0000000a001a0001000000${id.toString(16).padStart(2, '0')}ffff`, 'hex')
const answer = (id: number): Buffer => Buffer.from(`00000008000000${id.toString(16).padStart(2, '0')}0badcafe`, 'hex')

interface Setting {
  readonly proxy: FaultProxy
  readonly arm: (rule: FaultRule) => void
  /** Correlation ids of the requests that reached the broker. */
  readonly received: readonly number[]
  readonly open: () => Client
}

interface Client {
  readonly socket: Socket
  bytes(): Buffer
  isClosed(): boolean
}

async function setUp(): Promise<Setting> {
  const [target = 0, listen = 0] = await findFreePorts(2)
  const received: number[] = []
  const broker = createServer((socket) => {
    const split = createFrameSplitter()
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      for (const frame of split(chunk)) {
        const id = frame.readInt32BE(8)
        received.push(id)
        socket.write(answer(id))
      }
    })
  })
  await listening(broker, target)
  const rules = createFaultRules()
  const proxy = await startFaultProxy({ listen, target, rules })
  onTestFinished(async () => {
    await proxy.close()
    broker.close()
  })
  return { proxy, received, arm: (rule) => void rules.arm(rule), open: () => openClient(listen) }
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve()))
}

function openClient(port: number): Client {
  const socket = connect({ host: '127.0.0.1', port })
  let bytes = Buffer.alloc(0)
  let closed = false
  socket.on('error', () => undefined)
  socket.on('data', (chunk) => (bytes = Buffer.concat([bytes, chunk])))
  socket.on('close', () => (closed = true))
  onTestFinished(() => void socket.destroy())
  return { socket, bytes: () => bytes, isClosed: () => closed }
}

test('without rules every request and every answer passes as it is', async () => {
  const { open, received } = await setUp()
  const client = open()
  client.socket.write(Buffer.concat([request(1), request(2)]))
  await until(() => client.bytes().length === 24)
  expect([client.bytes(), received]).toEqual([Buffer.concat([answer(1), answer(2)]), [1, 2]])
})

test.each([
  { action: 'cut-before', reaches: [1], arrives: answer(1) },
  { action: 'cut-after', reaches: [1, 2], arrives: answer(1) },
  { action: 'cut-in-frame', reaches: [1, 2], arrives: Buffer.concat([answer(1), answer(2).subarray(0, 6)]) },
] as const)(
  '$action: the broker gets requests $reaches, then the connection is gone',
  async ({ action, reaches, arrives }) => {
    const { open, received, arm } = await setUp()
    arm({ api: 'EndTxn', nth: 2, action })
    const client = open()
    client.socket.write(request(1))
    await until(() => client.bytes().length === 12)
    client.socket.write(request(2))
    await until(() => client.isClosed())
    expect([client.bytes(), received]).toEqual([arrives, reaches])
  },
)

test('drop-answer: one answer is missing, the next ones arrive', async () => {
  const { open, received, arm } = await setUp()
  arm({ api: 'EndTxn', action: 'drop-answer' })
  const client = open()
  client.socket.write(Buffer.concat([request(1), request(2)]))
  await until(() => client.bytes().length === 12)
  expect([client.bytes(), received, client.isClosed()]).toEqual([answer(2), [1, 2], false])
})

test('hold: the request arrives, and then the connection is open and silent', async () => {
  const { open, received, arm } = await setUp()
  arm({ api: 'EndTxn', action: 'hold' })
  const [held, other] = [open(), open()]
  held.socket.write(Buffer.concat([request(1), request(2)]))
  await until(() => received.length === 1)
  other.socket.write(request(3))
  await until(() => other.bytes().length === 12)
  expect([held.bytes().length, held.isClosed(), received]).toEqual([0, false, [1, 3]])
})

test('late: the request arrives although its sender is gone', async () => {
  const { open, received, arm } = await setUp()
  arm({ api: 'EndTxn', action: 'late', delayMs: 100 })
  const client = open()
  await new Promise((resolve) => client.socket.write(request(1), resolve))
  client.socket.destroy()
  await until(() => received.length === 1)
  expect(received).toEqual([1])
})

test.each([
  { when: 'before', cuts: true, reaches: [] },
  { when: 'during', cuts: true, reaches: [1] },
  { when: 'after', cuts: true, reaches: [1] },
  { when: 'before', cuts: false, reaches: [1] },
  { when: 'after', cuts: false, reaches: [1] },
] as const)('call $when the broker acts, cutting the connection: $cuts', async ({ when, cuts, reaches }) => {
  const { open, received, arm } = await setUp()
  const calls: unknown[] = []
  arm({
    api: 'EndTxn',
    action: 'call',
    when,
    cuts,
    call: ({ correlationId }) => calls.push([correlationId, received.length]),
  })
  const client = open()
  client.socket.write(request(1))
  await until(() => (cuts ? client.isClosed() && received.length === reaches.length : client.bytes().length === 12))
  expect([calls, received]).toEqual([[[1, when === 'after' ? 1 : 0]], reaches])
})

test('stall: nothing passes until it ends, and then every connection is cut', async () => {
  const { open, received, proxy } = await setUp()
  const client = open()
  client.socket.write(request(1))
  await until(() => client.bytes().length === 12)
  proxy.stall(true)
  client.socket.write(request(2))
  const second = open()
  await until(() => !second.socket.connecting)
  expect([client.isClosed(), second.isClosed()]).toEqual([false, false])
  proxy.stall(false)
  await until(() => client.isClosed() && second.isClosed())
  expect(received).toEqual([1])
})

test('refuse: new connections are reset, and taken again afterwards', async () => {
  const { open, proxy } = await setUp()
  proxy.refuse(true)
  const refused = open()
  await until(() => refused.isClosed())
  proxy.refuse(false)
  const taken = open()
  taken.socket.write(request(1))
  await until(() => taken.bytes().length === 12)
  expect(taken.bytes()).toEqual(answer(1))
})
