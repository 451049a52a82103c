// The processor without its fences, for the negative control of the scenario `zombie`: every session gets a transactional
// id of its own, so nobody is fenced by it, and no commit tells who we are in the group. Not an option of the product:
// this is the only place that can do it. Arguments: --config FILE process.
import { randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import { connectionSettings } from '../src/cli/kafka-settings.ts'
import { processorOptions } from '../src/cli/run/processor-engine.ts'
import { systemClock } from '../src/clock.ts'
import { loadConfig } from '../src/config/load.ts'
import type { Broker, Session, Unit } from '../src/kafka/broker.ts'
import { createKafkajsBroker } from '../src/kafka/kafkajs-broker.ts'
import { createLog } from '../src/ops/log.ts'
import { startProcessor } from '../src/processor/processor.ts'

const { values } = parseArgs({ allowPositionals: true, options: { config: { type: 'string' } } })
const config = loadConfig({ path: values.config })
const log = createLog({ level: 'info', format: 'json' })
const broker = withoutFences(createKafkajsBroker(connectionSettings(config.kafka), log, systemClock))
const processor = await startProcessor({ broker, clock: systemClock, log }, processorOptions(config))
const stopped = Promise.withResolvers<void>()
process.once('SIGTERM', () => stopped.resolve())
await Promise.race([stopped.promise, processor.ended])
await processor.stop()
process.exitCode = 0

function withoutFences(fenced: Broker): Broker {
  return {
    ...fenced,
    session: (options) =>
      unbound(
        fenced.session(
          options.delivery === 'exactly-once' ? { ...options, transactionalId: `unfenced.${randomUUID()}` } : options,
        ),
      ),
  }
}

function unbound(session: Session): Session {
  return { ...session, commit: (unit) => session.commit({ ...unit, member: nobody(unit) }) }
}

// As whoever commits offsets without being a member: Kafka then asks no questions.
function nobody({ member }: Unit): Unit['member'] {
  return { ...member, memberId: '', ...('generation' in member ? { generation: -1 } : {}) }
}
