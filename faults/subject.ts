// What the harness must know of the thing it attacks, `process` or `sink`, and what is the same for both. Types only.
import type { Kafka } from 'kafkajs'
import type { Cluster } from '../test/support/cluster.ts'
import type { Expectation, Leg, LegOptions, Scenario, Size, Stage } from './scenario.ts'

/** Choices of one run. */
export interface RunOptions {
  readonly size: Size
  readonly seed: number
  /** Settings that the command line has chosen for the legs, by their names there: `{ commit: 'group' }`. */
  readonly choices: Readonly<Record<string, string | undefined>>
  readonly onProgress: (line: string) => void
}

/** What a subject is given to set a scene. */
export interface Scene extends RunOptions {
  readonly cluster: Cluster
  /** A client that reaches the brokers without the proxies. */
  readonly kafka: Kafka
  /** Begins all names of topics and groups. */
  readonly prefix: string
  readonly partitions: number
  readonly random: () => number
}

/** A scene that is set: no leg runs yet. */
export interface Setting<S extends Stage, A> {
  /** Made before, deleted behind. */
  readonly topics: readonly string[]
  readonly group: string
  /** What the legs read. */
  readonly source: string
  feed(records: number): Promise<void>
  /** Configuration of a leg. */
  configOf(name: string, changes: LegOptions): object
  /** Whether each of the legs has partitions and all partitions have an owner. */
  isOwned(legs: readonly Leg[]): boolean | Promise<boolean>
  /** Adds what only this subject's scenarios know. */
  dress(stage: Stage): S
  /** Reads the outcome when everything is done and no leg runs. */
  takeAccount(): Promise<A>
  close(): Promise<void>
}

/** What the report must know of one kind of account. */
export interface Reading<A> {
  /** Titles of `cells`. */
  readonly columns: readonly string[]
  /** Records that were fed, read back. */
  records(account: A): number
  /** What is not as it should be; empty when all is well. */
  judge(account: A, expects: Expectation): readonly string[]
  cells(account: A): readonly string[]
  /** A line for each fault, where the account tells them apart. */
  byFault?(account: A): readonly FaultLine[]
}

export interface FaultLine {
  readonly fault: string
  readonly records: number
  readonly cells: readonly string[]
}

/** One of the commands of trackbridge that can be attacked. */
export interface Subject<S extends Stage, A> {
  /** `process` */
  readonly command: string
  /** In the order in which they run. */
  readonly scenarios: readonly Scenario<S>[]
  readonly reading: Reading<A>
  open(scene: Scene): Promise<Setting<S, A>>
}
