// What Kafka has denied: its error codes say that something is, our calls know what they asked for. In: the rights that a
// call needs. Out: errors that bear them, for kafkajs-errors.ts to put into words.
import type { Access, Identity } from './access.ts'

/** What a call needs, and whose rights they are. */
export interface Needs {
  readonly identity: Identity
  readonly access: readonly Access[]
}

const needsOfError = new WeakMap<object, Needs>()

/** Settles as `work` does; what it rejects with is remembered together with the rights that `work` needs. The inmost of
 *  several calls counts: it knows best. */
export async function needing<T>(needs: Needs, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw withNeeds(error, needs)
  }
}

/** The same error, remembered with the rights that it may be about. */
export function withNeeds<E>(error: E, needs: Needs): E {
  if (typeof error === 'object' && error !== null && !needsOfError.has(error)) needsOfError.set(error, needs)
  return error
}

/** What was remembered of these errors, outermost first: of the inmost one that there is something of. */
export function needsOf(errors: readonly object[]): Needs | undefined {
  return errors.map((error) => needsOfError.get(error)).findLast((needs) => needs !== undefined)
}

const resources: Readonly<Record<string, Access['resource']>> = {
  TOPIC_AUTHORIZATION_FAILED: 'Topic',
  GROUP_AUTHORIZATION_FAILED: 'Group',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'TransactionalId',
  // Of a producer without a transactional id that may write to no topic at all.
  CLUSTER_AUTHORIZATION_FAILED: 'Topic',
}

/** Of the rights needed, those that Kafka's error code can be about; of the named topics, where it names any. */
export function missingAccess(needs: Needs, kafkaError: string, topics: readonly string[]): readonly Access[] {
  const ofCluster =
    kafkaError === 'CLUSTER_AUTHORIZATION_FAILED' ? needs.access.filter(({ resource }) => resource === 'Cluster') : []
  if (ofCluster.length > 0) return ofCluster
  const ofKind = needs.access.filter(({ resource }) => resource === resources[kafkaError])
  const named = ofKind.filter(({ name }) => topics.includes(name))
  return named.length > 0 ? named : ofKind
}
