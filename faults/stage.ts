// What a scenario works with (scenario.ts, Stage), and what the harness keeps of it: findings, legs, the feed.
import type { Kafka } from 'kafkajs'
import { systemClock } from '../src/clock.ts'
import type { Cluster } from '../test/support/cluster.ts'
import { until } from '../test/support/until.ts'
import { createFeed } from './feed.ts'
import { productEntry, startLeg } from './legs.ts'
import { watchProgress, type ProgressWatch } from './progress.ts'
import type { Leg, LegOptions, Size, Stage, Topics } from './scenario.ts'

export interface StageOptions {
  readonly size: Size
  readonly commit?: 'partition' | 'group' | undefined
  readonly cluster: Cluster
  readonly topics: Topics
  readonly prefix: string
  readonly kafka: Kafka
  readonly random: () => number
}

export interface Missed {
  readonly fault: string
  readonly reason: string
  readonly isExpected: boolean
}

/** What went on, in order. */
export interface StageFindings {
  readonly struck: readonly string[]
  readonly missed: readonly Missed[]
  readonly complaints: readonly string[]
  readonly notes: readonly string[]
}

export interface HarnessStage extends Stage {
  readonly progress: ProgressWatch
  readonly findings: () => StageFindings
  /** Kills what still runs. */
  close(): Promise<void>
}

const usualTimeoutMs = 60_000

/** A stage on existing topics. Legs are started by the scenario. */
export function createStage(options: StageOptions): HarnessStage {
  const { size, cluster, topics, prefix, kafka, random } = options
  const group = `${prefix}.process`
  const legs: Leg[] = []
  const findings = { struck: [] as string[], missed: [] as Missed[], complaints: [] as string[], notes: [] as string[] }
  const progress = watchProgress({ kafka, group, topic: topics.raw })
  const feed = createFeed(kafka, topics)
  const running = (): readonly Leg[] => legs.filter((leg) => !leg.isOver())
  const tails = (): string =>
    running()
      .map((leg) => leg.tail())
      .join('\n')
  const untilHolds: Stage['until'] = async (what, condition, { timeoutMs = usualTimeoutMs } = {}) => {
    await until(condition, { timeoutMs, describe: () => `${what}\n${tails()}` })
  }
  return {
    size,
    cluster,
    topics,
    group,
    kafka,
    random,
    progress,
    rules: cluster.rules,
    async feed(records) {
      await feed.write(records)
      // Whoever waits for the work to be done must not take the work before for all of it.
      await untilHolds('the end of the raw topic is known', () => progress.refresh())
    },
    start(leg = {}) {
      const name = `leg-${legs.length + 1}`
      const started = startLeg({ name, entry: leg.entry ?? productEntry, config: configOf(options, name, leg) })
      legs.push(started)
      if (leg.mayEnd !== true) void complainOfEnd(started, findings.complaints)
      return started
    },
    legs: running,
    struck(fault) {
      findings.struck.push(fault)
      progress.struck()
    },
    missed: (fault, why) => void findings.missed.push({ fault, ...why }),
    note: (what) => void findings.notes.push(what),
    complain: (what) => void findings.complaints.push(what),
    until: untilHolds,
    untilOwned: (wanted) =>
      untilHolds(`each of ${wanted.length} legs owns partitions`, () => isOwned(wanted, topics.partitions)),
    async untilDone(more, waiting) {
      const goal = progress.done() + more
      await untilHolds(`${goal} records done, it is ${progress.done()}`, () => progress.done() >= goal, waiting)
    },
    findings: () => findings,
    async close() {
      for (const leg of legs) leg.send('SIGKILL')
      await Promise.all(legs.map(({ ended }) => ended))
      await Promise.all([progress.close(), within(feed.close())])
    },
  }
}

async function complainOfEnd(leg: Leg, complaints: string[]): Promise<void> {
  const { code, signal } = await leg.ended
  if (!leg.wasToldToEnd()) complaints.push(`${leg.name} ended by itself: ${String(code ?? signal)}\n${leg.tail()}`)
}

function isOwned(legs: readonly Leg[], partitions: number): boolean {
  const shares = legs.map((leg) => leg.assigned())
  return shares.every((share) => share > 0) && shares.reduce((sum, share) => sum + share, 0) === partitions
}

// Short timeouts, so that a lost answer is noticed in seconds; small chunks, so that many transactions go by.
function configOf({ cluster, topics, prefix, commit }: StageOptions, name: string, leg: LegOptions): object {
  const kafka = {
    brokers: cluster.proxied,
    clientId: name,
    prefix,
    sessionTimeoutMs: 6_000,
    transactionTimeoutMs: 10_000,
    connectionTimeoutMs: 2_000,
    requestTimeoutMs: 5_000,
  }
  const base: Readonly<Record<string, object>> = {
    kafka,
    raw: { topic: topics.raw },
    deadLetters: { topic: topics.deadLetters },
    unsupported: { topic: topics.unsupported },
    process: { chunkRecords: 50, maxBytesPerPartition: 32_768, ...(commit === undefined ? {} : { commit }) },
    log: { level: 'info', format: 'json' },
  }
  const changes = Object.entries(leg.config ?? {}).map(([section, change]) => [section, merged(base[section], change)])
  return { ...base, destinations: [{ name: 'main', topic: topics.destination }], ...Object.fromEntries(changes) }
}

function merged(section: object | undefined, change: unknown): unknown {
  const isPlain = typeof change === 'object' && change !== null && !Array.isArray(change)
  return isPlain ? { ...section, ...change } : change
}

// kafkajs's disconnect may hang.
function within(closing: Promise<void>): Promise<void> {
  return Promise.race([closing, systemClock.sleep(5_000)]).catch(() => undefined)
}
