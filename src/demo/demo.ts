// The story the demo tells, once everything runs: three calls, one at a time; a few thousand with counters; the balance;
// then whatever arrives. In: a stage, and where things are. Out: text on the stage's screen, and the balance.
import { showArrivals } from './arrivals.ts'
import { drawBalance, type Balance, type BalanceFacts, type TopicTally } from './balance.ts'
import { showManyCalls } from './many-calls.ts'
import { feedingText, placesText, type Places } from './show.ts'
import type { Stage } from './stage.ts'
import { showThreeCalls } from './three-calls.ts'

export interface StoryOptions {
  /** How many calls after the three. */
  readonly calls: number
  /** End after the balance; else the promise never resolves. */
  readonly once: boolean
  readonly places: Places
  /** Called as soon as the balance is drawn. */
  onBalance(result: DemoResult): void
}

export interface DemoResult extends Balance {
  readonly facts: BalanceFacts
}

/** Resolves at the end of the story; rejects with the reason of the stage's signal. */
export async function tellStory(stage: Stage, options: StoryOptions): Promise<void> {
  const { screen } = stage
  screen.heading('2. Three calls, one at a time; the first one also opens connections and transactions')
  const before = await showThreeCalls(stage)
  screen.heading(`3. ${feedingText(options.calls)}`)
  await showManyCalls(stage, { count: options.calls, before })
  screen.heading('4. The balance: what was fed, what an independent reader finds on the topics, what the API has')
  const facts = collectFacts(stage, options.calls + before)
  const balance = drawBalance(facts)
  for (const { ok, text } of balance.lines) screen.printMarked(ok ? 'ok' : 'failed', text)
  screen.heading(balance.ok ? 'The balance holds: nothing lost, nothing twice.' : 'The balance does not hold.')
  options.onBalance({ ...balance, facts })
  if (options.once) return
  screen.heading('5. Still running: send a call of your own')
  screen.print(placesText(options.places))
  await showArrivals(stage)
}

function collectFacts({ api, reader, topics, ...stage }: Stage, fed: number): BalanceFacts {
  const { written, ...processed } = stage.processed()
  const { accepted, repeats, resets } = api.counters()
  const tally = (name: string): TopicTally => {
    const { records, distinct } = reader.count(name)
    return { name, records, distinct, written: written[name] ?? 0 }
  }
  const lacking = [...reader.count(topics.customerio).messageIds].filter((id) => api.timesAccepted(id) === 0).length
  return {
    fed,
    rawRecords: reader.count(topics.raw).records,
    processed,
    topics: {
      customerio: tally(topics.customerio),
      warehouse: tally(topics.warehouse),
      unsupported: tally(topics.unsupported),
      deadLetters: tally(topics.deadLetters),
    },
    rejected: stage.delivered().rejected,
    api: { accepted, repeats, resets, lacking },
  }
}
