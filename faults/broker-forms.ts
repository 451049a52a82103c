// What befalls brokers and the network between them and the legs, for whichever leg it is.
import type { FaultProxy } from '../test/support/fault-proxy.ts'
import { systemClock } from '../src/clock.ts'
import type { Stage } from './scenario.ts'

export interface BrokerForm {
  readonly name: string
  /** Strikes and mends. */
  strike(stage: Pick<Stage, 'cluster'>): Promise<void>
}

const frozenMs = 10_000

/** The only broker goes away and comes back. */
export const brokerForms: readonly BrokerForm[] = [
  {
    name: 'broker killed',
    async strike({ cluster }) {
      await cluster.kill(0)
      await cluster.start(0)
    },
  },
  {
    name: 'broker restarted',
    async strike({ cluster }) {
      await cluster.terminate(0)
      await cluster.start(0)
    },
  },
  {
    name: 'broker frozen for 10 s',
    async strike({ cluster }) {
      cluster.freeze(0)
      await systemClock.sleep(frozenMs)
      cluster.thaw(0)
    },
  },
]

interface Network {
  readonly lastsMs: number
  readonly begin: (proxy: FaultProxy) => void
  readonly end: (proxy: FaultProxy) => void
}

/** Faults of whole connections to the brokers. */
export const networkForms: readonly BrokerForm[] = [
  {
    name: 'all connections cut',
    strike: (stage) => onAllProxies(stage, { lastsMs: 0, begin: (proxy) => proxy.cut(), end: () => undefined }),
  },
  {
    name: 'half-open for 8 s, longer than session and requests last',
    strike: (stage) =>
      onAllProxies(stage, {
        lastsMs: 8_000,
        begin: (proxy) => proxy.stall(true),
        end: (proxy) => proxy.stall(false),
      }),
  },
  {
    name: 'cut and refused for 3 s',
    strike: (stage) =>
      onAllProxies(stage, {
        lastsMs: 3_000,
        begin: (proxy) => {
          proxy.refuse(true)
          proxy.cut()
        },
        end: (proxy) => proxy.refuse(false),
      }),
  },
  {
    name: '300 ms slower for 5 s',
    strike: (stage) =>
      onAllProxies(stage, { lastsMs: 5_000, begin: (proxy) => proxy.delay(300), end: (proxy) => proxy.delay(0) }),
  },
]

async function onAllProxies({ cluster }: Pick<Stage, 'cluster'>, { lastsMs, begin, end }: Network): Promise<void> {
  for (const proxy of cluster.proxies) begin(proxy)
  await systemClock.sleep(lastsMs)
  for (const proxy of cluster.proxies) end(proxy)
}
