// Runs `check` on a cluster in memory. Test support.
import type { ProbeAnswer } from '../../../src/cli/check/check-api.ts'
import type { Admin } from '../../../src/kafka/broker.ts'
import { createMemoryBroker } from '../../support/memory-broker.ts'
import { configFile, runCommand } from './run-command.ts'

export const document = {
  kafka: { brokers: 'a:9092' },
  destinations: [{ name: 'api', sink: { apiKey: 'k' } }, { name: 'warehouse' }],
}
/** Settings of a topic where all is well. */
export const own = { 'message.timestamp.type': 'LogAppendTime', 'retention.ms': '604800000' }
export const topics = ['cio.pipelines.api', 'cio.pipelines.warehouse', 'cio.dead-letters', 'cio.unsupported']

/** A cluster where all is well with `document`, but for the topics that are left out. */
export function cluster(without: readonly string[] = []) {
  const broker = createMemoryBroker()
  broker.createTopic('cio.track.raw', 2, { 'retention.ms': '604800000' })
  for (const name of topics) if (!without.includes(name)) broker.createTopic(name, 2, own)
  return broker
}

export const answering = (answer: ProbeAnswer) => async (): Promise<ProbeAnswer> => answer

/** What a cluster says in place of that all is well. */
export type Change = (admin: Admin) => Partial<Admin>

/** Runs `check` against the cluster and an API that takes the key. */
export async function check(
  broker: ReturnType<typeof cluster>,
  change: Change = () => ({}),
  ...argv: readonly string[]
) {
  const path = configFile(document)
  const changed = async (): Promise<Admin> => {
    const admin = await broker.admin()
    return { ...admin, ...change(admin) }
  }
  const parts = { createBroker: async () => ({ ...broker, admin: changed }), probe: answering({ status: 400 }) }
  return { path, ...(await runCommand(['check', '--config', path, ...argv], parts)) }
}

/** The lines of everything but ticks, without headings and the last line. */
export const amiss = (stdout: string): readonly string[] =>
  stdout
    .split('\n')
    .slice(0, -2)
    .filter((line) => /^(?:[✗!-]| {4})/.test(line))
