// What kafkajs 2.2.4 gets wrong where brokers are secured, put right in its modules (kafkajs-patches.ts, P5 and P6).
import { createRequire } from 'node:module'

const load = createRequire(import.meta.url)

interface ConnectionLike {
  /** As process.hrtime gave it; null before the first authentication. */
  readonly authenticatedAt: [number, number] | null
  /** Milliseconds, a Long; 0: the broker sets no limit. */
  readonly sessionLifetime: { toString(): string }
  isAuthenticated: (this: ConnectionLike) => boolean
}

// A new authentication is due after so much of a session, as in Java's client; brokers allow one a second.
const sessionShare = 0.85

/** P5: kafkajs authenticates anew ten seconds before a session ends (KIP-368), whatever its length: with sessions of ten
 *  seconds or less, as under a token that is nearly over, before every request, which brokers refuse. */
export function reauthenticateInTime(): void {
  const Connection = load('kafkajs/src/network/connection') as { prototype: ConnectionLike }
  Connection.prototype.isAuthenticated = isAuthenticated
}

function isAuthenticated(this: ConnectionLike): boolean {
  if (this.authenticatedAt === null) return false
  const lifetimeMs = Number(this.sessionLifetime.toString())
  if (lifetimeMs === 0) return true
  const [seconds, nanoseconds] = process.hrtime(this.authenticatedAt)
  return seconds * 1_000 + nanoseconds / 1_000_000 < lifetimeMs * sessionShare
}

interface Search {
  readonly groupId: string
  readonly coordinatorType: number
}

interface BrokerLike {
  findGroupCoordinator(search: Search): Promise<unknown>
}

interface ClusterLike {
  getNodeIds(): readonly string[]
  findBroker(search: { readonly nodeId: string }): Promise<BrokerLike>
  findGroupCoordinatorMetadata: (this: ClusterLike, search: Search) => Promise<unknown>
}

/** P6: kafkajs says that there is no coordinator whatever the brokers have answered. They are asked again for what they
 *  say, which tells a missing ACL on the group or the transactional id from a coordinator that is not there yet. */
export function tellWhyThereIsNoCoordinator(): void {
  const Cluster = load('kafkajs/src/cluster') as { prototype: ClusterLike }
  const stock = Cluster.prototype.findGroupCoordinatorMetadata
  Cluster.prototype.findGroupCoordinatorMetadata = async function find(this: ClusterLike, search): Promise<unknown> {
    try {
      return await stock.call(this, search)
    } catch (error) {
      const isHidden = error instanceof Error && error.name === 'KafkaJSGroupCoordinatorNotFound'
      throw (isHidden ? await answerOfBrokers(this, search) : undefined) ?? error
    }
  }
}

/** What the first broker that answers with an error says; undefined where none does. */
async function answerOfBrokers(cluster: ClusterLike, search: Search): Promise<unknown> {
  for (const nodeId of cluster.getNodeIds()) {
    try {
      const broker = await cluster.findBroker({ nodeId })
      await broker.findGroupCoordinator(search)
    } catch (error) {
      if (error instanceof Error && error.name === 'KafkaJSProtocolError') return error
    }
  }
  return undefined
}
