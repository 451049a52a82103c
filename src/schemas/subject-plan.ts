// What `trackbridge schemas` would do to each subject, and doing it. In: our subjects, a registry. Out: plans, ids. Ruled by
// kafka.md, "Formats": compatibility FULL_TRANSITIVE, set for each subject before its schema, checked before anything is
// changed.
import { TrackbridgeError } from '../errors.ts'
import { ownSchema, type OwnSubject } from './own-schemas.ts'
import type { Compatibility, Registry } from './registry.ts'

export const wantedLevel = 'FULL_TRANSITIVE'

/** `registered`: there is nothing to do; but `level` may still be another one than FULL_TRANSITIVE. */
export interface SubjectPlan extends OwnSubject {
  readonly state: 'registered' | 'missing' | 'new-version' | 'incompatible'
  /** Of our schema, where it is registered. */
  readonly id: number | null
  /** The subject's own compatibility level; null: none. */
  readonly level: string | null
  /** Of the newest schema, which is not ours; null: there is none. */
  readonly latestVersion: number | null
  /** Why the registry would not take ours, in its words. */
  readonly reasons: readonly string[]
}

/** True where nothing would be done. */
export const isDone = ({ state, level }: SubjectPlan): boolean => state === 'registered' && level === wantedLevel

/** Asks only. Rejects with TB_REGISTRY_UNAVAILABLE. */
export async function planSubject(registry: Registry, wanted: OwnSubject): Promise<SubjectPlan> {
  const { subject, schemaName } = wanted
  const schema = ownSchema(schemaName)
  const latest = await registry.latest(subject)
  const found = latest === null ? null : await registry.lookup(subject, schema)
  const level = await registry.level(subject)
  const plan = { ...wanted, level, id: found?.id ?? null, latestVersion: latest?.version ?? null, reasons: [] }
  if (found !== null) return { ...plan, state: 'registered' }
  if (latest === null) return { ...plan, state: 'missing' }
  const { compatible, reasons } = await registry.compatibility(subject, schema)
  return compatible ? { ...plan, state: 'new-version' } : { ...plan, state: 'incompatible', reasons: told(reasons) }
}

/** Sets the level, then registers. The id. Rejects with TB_SCHEMA_INCOMPATIBLE, with the level as it was before. */
export async function applyPlan(registry: Registry, plan: SubjectPlan): Promise<number> {
  const { subject, schemaName, level, state, id } = plan
  if (state === 'incompatible') throw incompatible(plan, plan.reasons)
  if (level !== wantedLevel) await registry.setLevel(subject, wantedLevel)
  if (id !== null) return id
  // The first check was by the level as it stood, which may have allowed anything.
  const schema = ownSchema(schemaName)
  const allowed: Compatibility =
    state === 'new-version' ? await registry.compatibility(subject, schema) : { compatible: true, reasons: [] }
  if (allowed.compatible) return registry.register(subject, schema)
  if (level !== null) await registry.setLevel(subject, level)
  throw incompatible(plan, told(allowed.reasons))
}

const told = (reasons: readonly string[]): readonly string[] =>
  reasons.length > 0 ? reasons : ['the registry gives no reason']

const incompatible = ({ subject, schemaName }: SubjectPlan, reasons: readonly string[]): TrackbridgeError =>
  new TrackbridgeError(
    'TB_SCHEMA_INCOMPATIBLE',
    `subject "${subject}": the registry does not take ${schemaName} beside what is registered: ${reasons.join('; ')}`,
  )
