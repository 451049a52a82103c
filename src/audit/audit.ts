// The audit: raw records against what stands on the output topics, record by record (product.md, promise 1). In: a window,
// the configuration, the port. Out: sums by raw partition and destination, and every kind of fault with its first
// offenders. Reads committed records, joins no group, changes nothing.
//
//   survey: ends of all topics, in an order that makes them fit together
//   slice by slice: read raw records -> enter what they must have become -> read outputs, tick off -> wait for markers ->
//   judge. Memory is that of one slice, whatever the window.
import type { Clock } from '../clock.ts'
import type { Broker, ConsumerRecord } from '../kafka/broker.ts'
import type { Log } from '../ops/log.ts'
import { createPartitioner, type Partitioning } from '../processor/partitioner.ts'
import type { DecodeAvro } from '../records/call-source.ts'
import type { MappingSettings } from '../translate/mapping-table.ts'
import { createExpect } from './expectation.ts'
import { createFaults, type Fault } from './faults.ts'
import { bytesAnOffset } from './ledger.ts'
import { runPass, type Pass } from './pass.ts'
import { createProgress, type ReadMeter } from './progress.ts'
import { surveyScene, type RawView, type Scene, type SceneOptions } from './scene.ts'
import { indexViews } from './slice.ts'
import { cutSlices } from './slices.ts'
import type { Aside, Forwarding } from './tally.ts'

export interface AuditOptions extends SceneOptions {
  readonly mapping: MappingSettings
  readonly partitioning: Partitioning
  /** At-least-once: second copies are no fault. */
  readonly delivery: 'exactly-once' | 'at-least-once'
  /** False: only that something of each raw record is there, and what outputs show by themselves. */
  readonly isTranslated: boolean
  /** Most bytes of what is kept of raw records at a time. */
  readonly memoryBytes: number
}

export interface AuditDeps {
  readonly broker: Pick<Broker, 'admin' | 'history' | 'partitionForKey'>
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
  readonly meter: ReadMeter
  readonly decodeAvro?: DecodeAvro
  readonly ensureSchemas?: (records: readonly ConsumerRecord[], signal: AbortSignal) => Promise<void> | undefined
}

/** One destination, over all partitions. */
export interface AuditedTopic {
  readonly name: string
  readonly topic: string
  readonly messages: number
  /** Undefined: it has no sink. */
  readonly forwarding: Forwarding | undefined
}

export interface AuditResult {
  readonly partitions: readonly RawView[]
  readonly destinations: readonly AuditedTopic[]
  readonly aside: Aside
  /** None: every record is accounted for. */
  readonly faults: readonly Fault[]
  /** Topics whose records are missing on purpose. */
  readonly compacted: readonly string[]
}

// Small ones: what is unpacked of one is garbage soon after, and more of it only makes the process larger.
const fetchBytes = 262_144

/** Rejects with TB_TOPIC_MISSING, TB_USAGE for a window that is none, TB_KAFKA_*, and with the signal's reason. */
export async function audit(deps: AuditDeps, options: AuditOptions): Promise<AuditResult> {
  const { broker, signal } = deps
  const admin = await broker.admin()
  try {
    const history = await broker.history({ maxBytes: fetchBytes })
    try {
      const scene = await surveyScene(admin, broker, options)
      const pass = await openPass({ ...deps, scene, admin, history }, options)
      const maxOffsets = Math.max(1, Math.floor(options.memoryBytes / bytesAnOffset(options.destinations.length)))
      const slices = cutSlices(scene.views, maxOffsets)
      for (const [number, parts] of slices.entries()) {
        signal.throwIfAborted()
        await runPass(pass, parts, { isLast: number === slices.length - 1 })
      }
      return toResult(pass, options)
    } finally {
      await history.close()
    }
  } finally {
    await admin.close()
  }
}

type Opened = AuditDeps & Pick<Pass, 'scene' | 'admin' | 'history'>

async function openPass({ scene, admin, history, ...deps }: Opened, options: AuditOptions): Promise<Pass> {
  const { broker, clock, log, signal, decodeAvro } = deps
  const { partitioning, isTranslated, destinations } = options
  const partitioner = await createPartitioner(broker, options)
  const expect = createExpect(options, {
    clock,
    log,
    decodeAvro,
    partitionOf: (...one) => partitioner.partitionOf(...one),
  })
  const faults = createFaults()
  const { channels } = scene
  return {
    scene,
    admin,
    history,
    clock,
    signal,
    expect,
    ensureSchemas: deps.ensureSchemas ?? (() => undefined),
    progress: createProgress(scene, deps.meter),
    partitioning,
    read: new Set(),
    rules: {
      faults,
      aside: { outside: 0, sourceGone: 0, marks: 0, foreign: 0 },
      forwarding: destinations.map(() => ({ past: 0, waiting: 0, deadLetters: 0 })),
      partitioning,
      isAtLeastOnce: options.delivery === 'at-least-once',
      isTranslated,
      channels,
      viewOf: indexViews(scene.views),
    },
    judging: {
      faults,
      channels,
      expect,
      numbers: new Map(destinations.map(({ route }, number) => [route.topic, number])),
      history,
      signal,
      isTranslated,
      takesAll: destinations.some(({ route }) => takesAll(route.where)),
    },
  }
}

const takesAll = ({ sources, types, events, excludeEmailOnly }: AuditOptions['routes'][number]['where']): boolean =>
  sources === undefined && types === undefined && events === undefined && !excludeEmailOnly

function toResult({ scene, rules }: Pass, { destinations }: AuditOptions): AuditResult {
  return {
    partitions: scene.views,
    destinations: destinations.map(({ name, route, sinkGroup }, number) => ({
      name,
      topic: route.topic,
      messages: messagesOf(scene, number),
      forwarding: sinkGroup === undefined ? undefined : rules.forwarding[number],
    })),
    aside: rules.aside,
    faults: rules.faults.list(),
    compacted: [...scene.channels, ...scene.views].filter((one) => one.isCompacted).map(({ topic }) => topic),
  }
}

const messagesOf = ({ views }: Scene, destination: number): number =>
  views.reduce((sum, { tally }) => sum + (tally.messages[destination] ?? 0), 0)
