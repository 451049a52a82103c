// Contender: a translate replay of the whole raw topic, put together as the command `replay` does it: window, pace, a look
// at how far it is every second.
import { connectionSettings } from '../../src/cli/kafka-settings.ts'
import { openReplayEngine } from '../../src/cli/replay/replay-engine.ts'
import { beginReplay, openReplay } from '../../src/cli/replay/replay-opening.ts'
import { systemClock } from '../../src/clock.ts'
import { identityOf } from '../../src/kafka/identity.ts'
import { createKafkajsBroker } from '../../src/kafka/kafkajs-broker.ts'
import { createLog } from '../../src/ops/log.ts'
import { createPace } from '../../src/replay/pace.ts'
import { createReplayStore, rangeName, replayGroup } from '../../src/replay/replay-store.ts'
import { createReplayWatch } from '../../src/replay/replay-watch.ts'
import type { Open } from './contender.ts'
import { benchConfig } from './engine-config.ts'

const name = 'bench'

export const open: Open = async (job) => {
  const config = benchConfig(job)
  const log = createLog({ level: 'warn', format: 'json' })
  const clock = systemClock
  const settings = connectionSettings(config.kafka)
  const broker = createKafkajsBroker(settings, log, clock)
  const [admin, history] = await Promise.all([broker.admin(), broker.history()])
  const group = replayGroup(config.kafka.prefix, name)
  const store = createReplayStore(admin, group)
  const { signal, ...stop } = stopping()
  const deps = { admin, history, store, clock, config, identity: identityOf(settings), signal }
  const options = { name, from: 'earliest', samples: false } as const
  const opened = await openReplay(deps, options)
  const begun = await beginReplay(deps, options, opened)
  const watch = createReplayWatch({ clock, log, store, history }, begun)
  const ends = new Map(begun.ranges.map((range) => [rangeName(range), range.to]))
  const engine = await openReplayEngine(
    { broker, clock, log, name, group, pace: createPace(clock, Infinity), readEnds: async () => ends },
    opened,
    begun,
  )
  const watching = watch.untilDone(signal)
  return {
    joined: () => [...engine.health().values()].every((why) => why === undefined),
    processed: () => engine.outcomes()['raw'] ?? 0,
    ended: engine.ended,
    async stop() {
      stop.now()
      await watching
      await engine.stop()
      await Promise.all([admin.close(), history.close()])
    },
  }
}

function stopping() {
  const over = new AbortController()
  return { signal: over.signal, now: () => over.abort() }
}
