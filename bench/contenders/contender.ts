// The contract between a benchmark and the child processes that do the work. The child tells how far it is; it ends when
// it has done what its job says, or when it is told to.

/** Settings of a destination's sink; those that are absent are the product's defaults. */
export interface SinkSettings {
  readonly concurrency?: 'partition' | 'key'
  readonly compression?: 'none' | 'gzip'
  readonly lingerMs?: number
}

/** What a child is to do. */
export interface Job {
  readonly brokers: readonly string[]
  /** What is read; for the contenders of the sink it is the topic of a destination. */
  readonly rawTopic: string
  /** Group and output topics begin with it: fresh ones for each run. */
  readonly prefix: string
  /** Ends by itself after so many raw records; else when it is told to. */
  readonly records?: number
  readonly delivery?: 'exactly-once' | 'at-least-once'
  readonly commit?: 'partition' | 'group'
  /** Address of a schema registry: the raw topic is read, and every topic written, in Avro. */
  readonly registry?: string
  /** How often the child tells how far it is. */
  readonly tickMs?: number
  /** Of the writer: records a second, and what they are; calls if absent. */
  readonly perSecond?: number
  readonly writes?: 'calls' | 'messages'
  /** Of the reader: its topic. */
  readonly reads?: string
  /** Of the reader and the stand-in of the API: they leave out what was due in the first so many milliseconds. */
  readonly warmUpMs?: number
  /** Of the contenders of the sink: base of the API, e.g. `http://127.0.0.1:40123/v1`. */
  readonly api?: string
  readonly sink?: SinkSettings
  /** Of the stand-in of the API: it refuses requests with marked messages. */
  readonly refuses?: boolean
  /** Of the audit: without translating. */
  readonly weak?: boolean
}

export interface Snapshot {
  /** The child is part of its group, or needs none. */
  readonly joined: boolean
  /** Raw records done with, written and committed. */
  readonly processed: number
  /** Since the child began, its start-up included. */
  readonly seconds: number
  /** User and system time of the whole child since it began. */
  readonly cpuSeconds: number
  readonly peakRssMb: number
  /** What only some contenders tell. */
  readonly figures: Readonly<Record<string, number>>
  /** The last one: everything is done. */
  readonly last: boolean
}

/** A contender at work. */
export interface Running {
  joined(): boolean
  processed(): number
  figures?(): Readonly<Record<string, number>>
  /** Rejects when it cannot go on. */
  readonly ended?: Promise<unknown>
  /** Begins nothing more and finishes what is under way, when told to end: before the last snapshot. */
  drain?(): Promise<void>
  stop(): Promise<void>
}

export type Open = (job: Job) => Promise<Running>

/** Topics that a run writes to; `main` takes every message. */
export const outputTopics = (prefix: string) =>
  ({ main: `${prefix}.main`, deadLetters: `${prefix}.dlq`, unsupported: `${prefix}.unsupported` }) as const
