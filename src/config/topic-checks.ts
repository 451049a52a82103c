// Rules of the section `topics` that span keys (cross-checks.ts tells them with the others). In: the document with ${ENV}
// filled in, right or wrong. Out: faults.
import type { Fault } from './faults.ts'
import { valueAt } from './paths.ts'

/** More replicas in sync than there are copies would refuse every record. */
export function replicaFaults(document: unknown): readonly Fault[] {
  const [inSync, copies] = ['minInsyncReplicas', 'replicationFactor'].map((key) => valueAt(document, ['topics', key]))
  if (typeof inSync !== 'number' || typeof copies !== 'number' || copies < 1 || inSync <= copies) return []
  const allowed = `at most replicationFactor, which is ${copies}`
  return [{ key: 'topics.minInsyncReplicas', found: String(inSync), allowed }]
}
