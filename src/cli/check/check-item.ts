// What `trackbridge check` finds, one thing a line: what was looked at, what was found, what to do. Pure.
import { TrackbridgeError } from '../../errors.ts'
import type { Mark } from '../output.ts'

/** e.g. `{name: 'brokers', state: 'ok', details: ['3 brokers, Kafka 4.1'], toDo: []}`. */
export interface CheckItem {
  readonly name: string
  readonly state: Mark
  readonly details: readonly string[]
  /** For whoever mends it, the likeliest first; empty where all is well. */
  readonly toDo: readonly string[]
}

/** Items under one heading, e.g. `Topics`. */
export interface CheckSection {
  readonly title: string
  readonly items: readonly CheckItem[]
}

export const fine = (name: string, ...details: readonly string[]): CheckItem => ({
  name,
  state: 'ok',
  details,
  toDo: [],
})

/** A cross: it does not work. */
export const fault = (name: string, found: string, ...toDo: readonly string[]): CheckItem => ({
  name,
  state: 'failed',
  details: [found],
  toDo,
})

/** It works, but something may go wrong that nobody expects. */
export const warning = (name: string, found: string, ...toDo: readonly string[]): CheckItem => ({
  name,
  state: 'warning',
  details: [found],
  toDo,
})

/** Could not be looked at, because something else fails. */
export const skipped = (name: string, why: string): CheckItem => ({
  name,
  state: 'skipped',
  details: [`not checked: ${why}`],
  toDo: [],
})

/** True when nothing has failed or was skipped; warnings are allowed. */
export const passes = (sections: readonly CheckSection[]): boolean =>
  sections.flatMap(({ items }) => items).every(({ state }) => state === 'ok' || state === 'warning')

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** What `work` resolves with; undefined where Kafka denies it. Rejects with any other fault. */
export async function unlessDenied<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (error instanceof TrackbridgeError && error.code === 'TB_KAFKA_UNAUTHORIZED') return undefined
    throw error
  }
}

/** What `work` resolves with; what it rejects with becomes a cross by this name. */
export async function orFault(name: string, work: Promise<readonly CheckItem[]>): Promise<readonly CheckItem[]> {
  try {
    return await work
  } catch (error) {
    return [fault(name, messageOf(error))]
  }
}
