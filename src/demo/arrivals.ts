// Phase five of the demo: whatever is called, and what becomes of it, as it happens. In: the stage. Out: text.
import { callText, recordText } from './show.ts'
import type { Stage } from './stage.ts'

const lookEveryMs = 100

/** Never resolves: rejects with the signal's reason. */
export async function showArrivals(stage: Stage): Promise<never> {
  const { screen, clock, signal, reader, topics } = stage
  const unwatch = reader.watch(({ topic, type, value }) => {
    if (topic === topics.raw) screen.print(`\n   ${callText(value)}`)
    else if (topic !== topics.customerio) screen.print(`     -> ${topic}: ${recordText({ type, value }, 60)}`)
  })
  let shown = takenBy(stage)
  try {
    for (;;) {
      signal.throwIfAborted()
      const taken = takenBy(stage)
      if (taken > shown) printAccepted(stage, taken - shown)
      shown = taken
      await clock.sleep(lookEveryMs, signal)
    }
  } finally {
    unwatch()
  }
}

function takenBy({ api }: Stage): number {
  const { accepted, repeats } = api.counters()
  return accepted + repeats
}

function printAccepted({ screen, topics, api }: Stage, newest: number): void {
  for (const { type, user, messageId } of api.accepted.slice(-newest))
    screen.print(`     -> ${topics.customerio}: ${type} ${user}, accepted by the API, messageId ${messageId}`)
}
