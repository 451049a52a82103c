// What a scenario of `npm run faults` is, and what it gets to work with, whether it attacks `process` or `sink`: types only.
// A scenario strikes and heals; the harness (run-scenario.ts) makes the topics, waits until everything is done, reads the
// outcome independently and judges. So a scenario holds no expectation but its own: zeros are expected of each.
import type { Kafka } from 'kafkajs'
import type { Cluster } from '../test/support/cluster.ts'
import type { FaultRules } from '../test/support/fault-rules.ts'

/** How much: `rounds` is how often the fault strikes, or once through all its forms; `records` how many flow meanwhile. */
export interface Size {
  readonly rounds: number
  readonly records: number
}

/** `clean`: all zeros. `doubles`: a negative control, which must show doubled records. */
export type Expectation = 'clean' | 'doubles'

/** One line of the matrix, on a stage that process/ or sink/ sets. */
export interface Scenario<S> {
  /** As on the command line: `kill`. */
  readonly name: string
  /** What is promised while this goes on, a plain sentence. */
  readonly promise: string
  /** Brokers it needs: `--brokers 3` gives more to those that need one. */
  readonly brokers: 1 | 3
  /** Partitions of every topic; 8 if absent. */
  readonly partitions?: number
  readonly usual: Size
  /** Of the integration test. */
  readonly short: Size
  /** `clean` if absent. */
  readonly expects?: Expectation
  /** Options without which it makes no sense, with their values: `{ format: 'avro' }`; none if absent. */
  readonly needs?: Readonly<Record<string, string>>
  /** Returns when the last fault is mended; records may still be under way, and legs running. */
  run(stage: S): Promise<void>
}

/** A running `trackbridge process` or `trackbridge sink`, a process of its own that dials the proxies only. */
export interface Leg {
  /** Its client id, for rules: `leg-3`. */
  readonly name: string
  readonly pid: number
  /** JSON log lines so far; a line that is no JSON has its text as `msg`. */
  readonly lines: readonly Readonly<Record<string, unknown>>[]
  isOver(): boolean
  /** `SIGKILL`, `SIGSTOP`, `SIGCONT`, `SIGTERM`; nothing when it is over. */
  send(signal: NodeJS.Signals): void
  /** Whether it was sent SIGTERM or SIGKILL. */
  wasToldToEnd(): boolean
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  /** Partitions of the newest assignment it has told of. */
  assigned(): number
  /** Its last lines, for error messages. */
  tail(): string
}

export interface LegOptions {
  /** Merged into the configuration, key by key at the first level of each section: `{ process: { chunkRecords: 50 } }`. */
  readonly config?: Readonly<Record<string, unknown>>
  /** Another program than src/main.ts, e.g. faults/unfenced.ts: gets `--config FILE process`. */
  readonly entry?: URL
  /** That it ends by itself is no complaint: the scenario wants to see it refuse. */
  readonly mayEnd?: boolean
}

/** What the source topic holds and how far the group has come, by what is committed; polled a few times a second. */
export interface Progress {
  /** Records that the group is done with. */
  done(): number
  /** Records on the topic. */
  fed(): number
  /** Partitions with work left. */
  left(): readonly number[]
  /** Asks now; false when nobody answers. Never rejects. */
  refresh(): Promise<boolean>
}

export interface WaitOptions {
  readonly timeoutMs?: number
}

/** Everything any scenario may do. Whatever it starts, the harness ends. */
export interface Stage {
  readonly size: Size
  readonly cluster: Cluster
  /** Faults of single requests of the legs to Kafka. */
  readonly rules: FaultRules
  readonly group: string
  readonly progress: Progress
  /** The same numbers for the same seed, from 0 to below 1. */
  readonly random: () => number
  /** A client that reaches the brokers without the proxies. */
  readonly kafka: Kafka
  /** Writes so many records to the source topic, spread over all partitions; resolves when they are acknowledged. */
  feed(records: number): Promise<void>
  start(options?: LegOptions): Leg
  /** Legs that run, the oldest first. */
  legs(): readonly Leg[]
  /** A fault strikes now: it is counted, and recovery is timed until every partition with work left has gone on. */
  struck(fault: string): void
  /** A fault found nothing to strike. `why` stands in the row; the row is bad unless `isExpected`. */
  missed(fault: string, why: { readonly reason: string; readonly isExpected: boolean }): void
  /** Something worth knowing, beneath the row. */
  note(what: string): void
  /** Something that the scenario itself promises is not so; the row is bad. */
  complain(what: string): void
  /** Waits for a condition with a deadline (60 s); `what` stands in the error. */
  until(what: string, condition: () => boolean | Promise<boolean>, options?: WaitOptions): Promise<void>
  /** Whether every leg has at least one partition and all partitions are owned. */
  isOwned(legs: readonly Leg[]): Promise<boolean>
  /** Waits until that is so. */
  untilOwned(legs: readonly Leg[]): Promise<void>
  /** Waits until so many more records are done than at the call. */
  untilDone(more: number, options?: WaitOptions): Promise<void>
}
