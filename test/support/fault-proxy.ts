// A TCP proxy before one broker that understands Kafka's frames and breaks what its rules name. Whole frames only are
// passed on, in order, so a cut always falls between two frames, or in the middle of one where a rule wants that.
// In: where to listen, where the broker is, rules (fault-rules.ts). Test support.
import { connect, createServer, type Server, type Socket } from 'node:net'
import { systemClock } from '../../src/clock.ts'
import type { FaultRule, FaultRules } from './fault-rules.ts'
import { createFrameSplitter, readCorrelationId, readRequestHead, type RequestHead } from './kafka-frames.ts'

export interface ProxyOptions {
  readonly listen: number
  readonly target: number
  readonly rules: FaultRules
}

/** Faults of a whole connection, beside those of single requests. */
export interface FaultProxy {
  /** Every frame takes so much longer each way. */
  delay(ms: number): void
  /** Half-open: connections stay open, nothing passes either way until `stall(false)` cuts them all. */
  stall(on: boolean): void
  /** New connections are reset. */
  refuse(on: boolean): void
  /** Resets every connection. */
  cut(): void
  close(): Promise<void>
}

interface Condition {
  delayMs: number
  isStalled: boolean
  isRefusing: boolean
}

/** One connection of a client and ours to the broker. */
interface Pair {
  readonly client: Socket
  readonly broker: Socket
  /** Port of the broker. */
  readonly target: number
  /** Requests whose answers are still to come, with the rule that strikes the answer. */
  readonly pending: Map<number, { readonly head: RequestHead; readonly rule: FaultRule | undefined }>
  isSilent: boolean
  upwards: Promise<void> | undefined
  downwards: Promise<void> | undefined
}

const host = '127.0.0.1'

/** Resolves when it listens. */
export async function startFaultProxy(options: ProxyOptions): Promise<FaultProxy> {
  const pairs = new Set<Pair>()
  const condition: Condition = { delayMs: 0, isStalled: false, isRefusing: false }
  const server = createServer({ noDelay: true }, (client) => {
    client.on('error', () => undefined)
    if (condition.isRefusing) client.resetAndDestroy()
    else openPair(client, { options, condition, pairs })
  })
  await listening(server, options.listen)
  const cut = (): void => {
    for (const pair of pairs) reset(pair)
  }
  return {
    delay: (ms) => void (condition.delayMs = ms),
    stall(on) {
      condition.isStalled = on
      if (!on) cut()
    },
    refuse: (on) => void (condition.isRefusing = on),
    cut,
    async close() {
      const { promise, resolve } = Promise.withResolvers<void>()
      server.close(() => resolve())
      cut()
      await promise
    },
  }
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve())
  })
}

interface Surroundings {
  readonly options: ProxyOptions
  readonly condition: Condition
  readonly pairs: Set<Pair>
}

function openPair(client: Socket, { options, condition, pairs }: Surroundings): void {
  const { target } = options
  const broker = connect({ host, port: target, noDelay: true })
  const pair: Pair = {
    client,
    broker,
    target,
    pending: new Map(),
    isSilent: false,
    upwards: undefined,
    downwards: undefined,
  }
  pairs.add(pair)
  broker.on('error', () => undefined)
  const isMute = (): boolean => condition.isStalled || pair.isSilent
  for (const [socket, other] of [
    [client, broker],
    [broker, client],
  ] as const)
    socket.on('close', (hadError) => {
      pairs.delete(pair)
      // A broker that goes away behind a silent connection must not be noticed; a client that goes away is gone.
      if (socket === broker && isMute()) return
      if (hadError) other.resetAndDestroy()
      else other.end()
    })
  onFrames(client, pair, (frame) => {
    if (!isMute()) pair.upwards = inTurn(pair.upwards, condition.delayMs, () => request(pair, frame, options.rules))
  })
  onFrames(broker, pair, (frame) => {
    if (!isMute()) pair.downwards = inTurn(pair.downwards, condition.delayMs, () => answer(pair, frame, options.rules))
  })
}

function onFrames(socket: Socket, pair: Pair, take: (frame: Buffer) => void): void {
  const split = createFrameSplitter()
  socket.on('data', (chunk) => {
    try {
      for (const frame of split(chunk)) take(frame)
    } catch {
      reset(pair)
    }
  })
}

// A queue for each direction keeps the frames in order, whatever each of them is delayed by.
function inTurn(before: Promise<void> | undefined, delayMs: number, pass: () => void): Promise<void> | undefined {
  if (before === undefined && delayMs === 0) {
    pass()
    return undefined
  }
  return (before ?? Promise.resolve()).then(() => systemClock.sleep(delayMs)).then(pass)
}

function request(pair: Pair, frame: Buffer, rules: FaultRules): void {
  const head = readRequestHead(frame)
  const rule = rules.match(head)
  const isCut = callAt('before', rule, head)
  if (isCut || rule?.action === 'cut-before') return reset(pair)
  pair.pending.set(head.correlationId, { head, rule })
  if (rule?.action === 'late') return passLate(pair, frame, rule.delayMs)
  write(pair.broker, frame)
  if (rule?.action === 'hold') pair.isSilent = true
  if (callAt('during', rule, head)) {
    pair.client.resetAndDestroy()
    // No reset: it may overtake the request on its way to the broker.
    pair.broker.end()
  }
}

/** Runs the rule's call if this is its moment. True when the connection is to be cut then. */
function callAt(when: 'before' | 'during' | 'after', rule: FaultRule | undefined, head: RequestHead): boolean {
  if (rule?.action !== 'call' || rule.when !== when) return false
  rule.call(head)
  return rule.cuts
}

// As a packet that took another way: whatever becomes of its sender meanwhile, it arrives.
function passLate(pair: Pair, frame: Buffer, delayMs: number): void {
  pair.isSilent = true
  const pass = (): void => {
    if (!pair.broker.destroyed) return write(pair.broker, frame)
    const own = connect({ host, port: pair.target, noDelay: true })
    own.on('error', () => undefined)
    own.on('data', () => own.end())
    own.write(frame)
  }
  void systemClock.sleep(delayMs).then(pass)
}

function answer(pair: Pair, frame: Buffer, rules: FaultRules): void {
  const correlationId = readCorrelationId(frame)
  const { head, rule: ofRequest } = pair.pending.get(correlationId) ?? {}
  pair.pending.delete(correlationId)
  // An answer to nothing that was asked is passed on as it is.
  if (head === undefined) return write(pair.client, frame)
  const rule = ofRequest ?? rules.matchAnswer(head, frame.length)
  const isCut = callAt('after', rule, head)
  if (isCut) reset(pair)
  else strikeAnswer(pair, frame, rule)
}

function strikeAnswer(pair: Pair, frame: Buffer, rule: FaultRule | undefined): void {
  if (rule?.action === 'cut-after') reset(pair)
  else if (rule?.action === 'cut-in-frame') cutInFrame(pair, frame)
  else if (rule?.action === 'delay') void systemClock.sleep(rule.delayMs).then(() => write(pair.client, frame))
  else if (rule?.action !== 'drop-answer') write(pair.client, frame)
}

function cutInFrame(pair: Pair, frame: Buffer): void {
  // Nothing may follow the half frame: the next answer would be taken for the rest of it.
  pair.isSilent = true
  pair.client.write(frame.subarray(0, Math.ceil(frame.length / 2)), () => reset(pair))
}

function write(socket: Socket, frame: Buffer): void {
  if (!socket.destroyed && socket.writable) socket.write(frame)
}

function reset({ client, broker }: Pair): void {
  client.resetAndDestroy()
  broker.resetAndDestroy()
}
