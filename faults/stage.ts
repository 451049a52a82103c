// What every scenario works with (scenario.ts, Stage), and what the harness keeps of it: findings, legs, progress.
import { until } from '../test/support/until.ts'
import { productEntry, startLeg } from './legs.ts'
import { watchProgress, type ProgressWatch } from './progress.ts'
import type { Leg, Stage } from './scenario.ts'
import type { Scene, Setting } from './subject.ts'

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

type Ground = Pick<Setting<Stage, unknown>, 'group' | 'source' | 'feed' | 'configOf' | 'isOwned' | 'close'> & {
  readonly command: string
}

/** A stage on existing topics. Legs are started by the scenario. */
export function createStage(scene: Scene, ground: Ground): HarnessStage {
  const { size, cluster, kafka, random } = scene
  const { group, source } = ground
  const legs: Leg[] = []
  const findings = { struck: [] as string[], missed: [] as Missed[], complaints: [] as string[], notes: [] as string[] }
  const progress = watchProgress({ kafka, group, topic: source })
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
    group,
    kafka,
    random,
    progress,
    rules: cluster.rules,
    async feed(records) {
      await ground.feed(records)
      // Whoever waits for the work to be done must not take the work before for all of it.
      await untilHolds('the end of the source topic is known', () => progress.refresh())
    },
    start(leg = {}) {
      const name = `leg-${legs.length + 1}`
      const { entry = productEntry, mayEnd = false } = leg
      const started = startLeg({ name, command: ground.command, entry, config: ground.configOf(name, leg) })
      legs.push(started)
      if (!mayEnd) void complainOfEnd(started, findings.complaints)
      return started
    },
    legs: running,
    struck(fault) {
      findings.struck.push(fault)
      progress.struck(fault)
    },
    missed: (fault, why) => void findings.missed.push({ fault, ...why }),
    note: (what) => void findings.notes.push(what),
    complain: (what) => void findings.complaints.push(what),
    until: untilHolds,
    isOwned: async (wanted) => ground.isOwned(wanted),
    untilOwned: (wanted) => untilHolds(`each of ${wanted.length} legs owns partitions`, () => ground.isOwned(wanted)),
    async untilDone(more, waiting) {
      const goal = progress.done() + more
      await untilHolds(`${goal} records done, it is ${progress.done()}`, () => progress.done() >= goal, waiting)
    },
    findings: () => findings,
    async close() {
      for (const leg of legs) leg.send('SIGKILL')
      await Promise.all(legs.map(({ ended }) => ended))
      await Promise.all([progress.close(), ground.close()])
    },
  }
}

async function complainOfEnd(leg: Leg, complaints: string[]): Promise<void> {
  const { code, signal } = await leg.ended
  if (!leg.wasToldToEnd()) complaints.push(`${leg.name} ended by itself: ${String(code ?? signal)}\n${leg.tail()}`)
}
