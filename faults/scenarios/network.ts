// Faults of whole connections: slow, half-open, refused, all cut at once. Two processes.
import { systemClock } from '../../src/clock.ts'
import type { FaultProxy } from '../../test/support/fault-proxy.ts'
import { strikeInTheMidst } from '../strike.ts'
import type { Scenario } from '../scenario.ts'

interface Form {
  readonly name: string
  readonly lastsMs: number
  readonly begin: (proxy: FaultProxy) => void
  readonly end: (proxy: FaultProxy) => void
}

const forms: readonly Form[] = [
  { name: 'all connections cut', lastsMs: 0, begin: (proxy) => proxy.cut(), end: () => undefined },
  {
    name: 'half-open for 8 s, longer than session and requests last',
    lastsMs: 8_000,
    begin: (proxy) => proxy.stall(true),
    end: (proxy) => proxy.stall(false),
  },
  {
    name: 'cut and refused for 3 s',
    lastsMs: 3_000,
    begin: (proxy) => {
      proxy.refuse(true)
      proxy.cut()
    },
    end: (proxy) => proxy.refuse(false),
  },
  { name: '300 ms slower for 5 s', lastsMs: 5_000, begin: (proxy) => proxy.delay(300), end: (proxy) => proxy.delay(0) },
]

/** The network between processes and brokers. */
export const network: Scenario = {
  name: 'network',
  promise: 'a network that is slow, silent or gone for a while loses and doubles nothing',
  brokers: 1,
  usual: { rounds: 8, records: 32_000 },
  short: { rounds: 3, records: 6_000 },
  async run(stage) {
    await strikeInTheMidst(stage, forms, async ({ name, lastsMs, begin, end }) => {
      for (const proxy of stage.cluster.proxies) begin(proxy)
      stage.struck(name)
      await systemClock.sleep(lastsMs)
      for (const proxy of stage.cluster.proxies) end(proxy)
    })
  },
}
