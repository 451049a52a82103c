// Configuration of a leg: what both commands share, and the changes of a scenario. Pure.
import type { Cluster } from '../test/support/cluster.ts'

export type Sections = Readonly<Record<string, unknown>>

/** Timeouts are short, so that a lost answer is noticed in seconds. */
export function baseConfig(cluster: Pick<Cluster, 'proxied'>, name: string, prefix: string): Sections {
  const kafka = {
    brokers: cluster.proxied,
    clientId: name,
    prefix,
    sessionTimeoutMs: 6_000,
    transactionTimeoutMs: 10_000,
    connectionTimeoutMs: 2_000,
    requestTimeoutMs: 5_000,
  }
  return { kafka, log: { level: 'info', format: 'json' } }
}

/** `changes` over `base`, key by key at the first level of each section. */
export function changed(base: Sections, changes: Sections = {}): Sections {
  const merged = Object.entries(changes).map(([section, change]) => [section, merge(base[section], change)])
  return { ...base, ...Object.fromEntries(merged) }
}

function merge(section: unknown, change: unknown): unknown {
  return isPlain(section) && isPlain(change) ? { ...section, ...change } : change
}

const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
