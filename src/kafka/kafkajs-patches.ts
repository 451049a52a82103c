// The corrections that kafkajs 2.2.4 needs, put into its modules before anything loads them (spec kafka.md). In: nothing.
// Out: a patched require cache. P1 idle timer loop, P2 our record codec and read_committed filter for what is fetched, P3
// the generation in the news of a join, P4 half answers of a broken connection, P5 and P6 secured clusters
// (kafkajs-security-patches.ts). Any other version is refused.
import { createRequire } from 'node:module'
import { systemClock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import { createFetchedBatch, decodeRecordSet, type PartitionData } from './fetched-batch.ts'
import { reauthenticateInTime, tellWhyThereIsNoCoordinator } from './kafkajs-security-patches.ts'

const load = createRequire(import.meta.url)
const allowedVersion = '2.2.4'
const applied = Symbol.for('trackbridge.kafkajs-patches')

/** Throws TB_KAFKA_FATAL unless `found` is the one version of kafkajs that the patches fit, `2.2.4`. */
export function refuseOtherVersions(found: string): void {
  if (found === allowedVersion) return
  throw new TrackbridgeError(
    'TB_KAFKA_FATAL',
    `kafkajs ${found} is installed, but only ${allowedVersion} is allowed: trackbridge corrects faults in that very ` +
      `version that lose or leak records. Install kafkajs@${allowedVersion}.`,
  )
}

/** Patches kafkajs in this process; does nothing the second time. Throws TB_KAFKA_FATAL on another version and TB_BUG
 *  when somebody has loaded kafkajs before, for then the faulty modules are in use already. */
export function applyPatches(): void {
  refuseOtherVersions((load('kafkajs/package.json') as { version: string }).version)
  const marked = globalThis as { [applied]?: boolean }
  if (marked[applied] === true) return
  if (load.cache[load.resolve('kafkajs/src/index.js')] !== undefined) {
    throw new TrackbridgeError(
      'TB_BUG',
      'kafkajs was loaded before its patches; import it from src/kafka/kafkajs.ts only',
    )
  }
  stopIdleTimers()
  replace('protocol/requests/fetch/v4/decodeMessages', decodeMessages)
  replace('consumer/batch', Batch)
  tellGenerations()
  connectOnceAndAfresh()
  reauthenticateInTime()
  tellWhyThereIsNoCoordinator()
  marked[applied] = true
}

function replace(module: string, replacement: unknown): void {
  const path = load.resolve(`kafkajs/src/${module}`)
  load(path)
  const entry = load.cache[path]
  if (entry === undefined) throw new TrackbridgeError('TB_BUG', `kafkajs/src/${module} cannot be replaced`)
  entry.exports = replacement
}

// P1: without a pending request and without throttling the stock function sets a timer of 0 or negative length, which
// sets the next one: a loop on every idle connection, and TimeoutNegativeWarning on Node 24.
function stopIdleTimers(): void {
  const RequestQueue = load('kafkajs/src/network/requestQueue') as { prototype: RequestQueueLike }
  const stock = RequestQueue.prototype.scheduleCheckPendingRequests
  RequestQueue.prototype.scheduleCheckPendingRequests = function scheduleCheck(this: RequestQueueLike): void {
    if (this.pending.length === 0 && this.throttledUntil <= systemClock.now()) return
    stock.call(this)
  }
}

interface RequestQueueLike {
  readonly pending: readonly unknown[]
  /** Milliseconds since 1970. */
  readonly throttledUntil: number
  scheduleCheckPendingRequests: (this: RequestQueueLike) => void
}

// P2: kafkajs unpacks every record into objects of many fields, leaks aborted ones, and never steps over a batch that
// compaction has emptied. What we put in its place gives whole batches; kafkajs reads no record itself.
async function decodeMessages(decoder: DecoderLike): Promise<unknown> {
  const bytes = decoder.readInt32()
  return decodeRecordSet(bytes <= 0 || !decoder.canReadBytes(bytes) ? Buffer.alloc(0) : decoder.readBytes(bytes))
}

interface DecoderLike {
  readInt32(): number
  canReadBytes(bytes: number): boolean
  readBytes(bytes: number): Buffer
}

// Called with `new`, as the class that it replaces.
function Batch(topic: string, fetchedOffset: string, data: PartitionData): unknown {
  return createFetchedBatch(topic, fetchedOffset, data)
}

// P4: what a connection had read of an answer when it broke would stand before the answers of the next connection: they
// are misread, and the error ends the process, for it comes out of the socket's own event. And requests that find the
// connection broken would open a socket each; the end of any of them would then break the one in use.
function connectOnceAndAfresh(): void {
  const Connection = load('kafkajs/src/network/connection') as { prototype: ConnectionLike }
  const stock = Connection.prototype.connect
  const connecting = new WeakMap<ConnectionLike, Promise<unknown>>()
  Connection.prototype.connect = function connect(this: ConnectionLike): Promise<unknown> {
    const underWay = connecting.get(this)
    if (underWay !== undefined) return underWay
    if (!this.isConnected()) Object.assign(this, { bytesBuffered: 0, bytesNeeded: lengthBytes, chunks: [] })
    const connected = stock.call(this).finally(() => connecting.delete(this))
    connecting.set(this, connected)
    return connected
  }
}

// An answer begins with its length, an int32.
const lengthBytes = 4

interface ConnectionLike {
  isConnected(): boolean
  connect: (this: ConnectionLike) => Promise<unknown>
}

// P3: a transaction is fenced by the member's generation (KIP-447), which kafkajs tells in heartbeats only, seconds late.
function tellGenerations(): void {
  type Emitter = { emit(name: string, payload: object): void }
  type Group = { instrumentationEmitter: Emitter; generationId: number }
  const Stock = load('kafkajs/src/consumer/consumerGroup') as new (options: object) => Group
  const { GROUP_JOIN } = (load('kafkajs/src/consumer/instrumentationEvents') as { events: { GROUP_JOIN: string } })
    .events
  replace('consumer/consumerGroup', function ConsumerGroup(options: object): Group {
    const group = new Stock(options)
    const stock = group.instrumentationEmitter
    group.instrumentationEmitter = {
      emit: (name, payload) =>
        stock.emit(name, name === GROUP_JOIN ? { ...payload, generationId: group.generationId } : payload),
    }
    return group
  })
}
