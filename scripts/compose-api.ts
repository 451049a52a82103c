// The stand-in of the Pipelines API as a process of its own, for docker-compose.yml. In: --host, --port, --key, --faults
// (one request in twenty fails). Out: a server until SIGTERM, and a line of figures every ten seconds.
import { parseArgs } from 'node:util'
import { systemClock } from '../src/clock.ts'
import { startStandInApi } from '../src/demo/stand-in-api.ts'

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '0' },
    key: { type: 'string', default: 'demo-key' },
    faults: { type: 'boolean', default: false },
  },
})

const api = await startStandInApi({
  clock: systemClock,
  random: Math.random,
  apiKey: values.key,
  host: values.host,
  port: Number(values.port),
  keep: 10_000,
  faults: values.faults ? { tooManyRequestsShare: 0.02, unavailableShare: 0.02, resetShare: 0.01 } : {},
})
const tellFigures = (): void => console.log(JSON.stringify(api.counters()))
console.log(JSON.stringify({ url: api.url }))
const telling = setInterval(tellFigures, 10_000)
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => {
    clearInterval(telling)
    tellFigures()
    void api.close()
  })
