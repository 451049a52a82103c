// The schema registry: is it there, and has it our schemas for the topics that are written in Avro? In: Config and a
// registry. Out: items; none without a registry. Asks only. Ruled by kafka.md, "Formats".
import type { Config } from '../../config/schema.ts'
import { writtenSubjects } from '../../schemas/own-schemas.ts'
import type { Registry } from '../../schemas/registry.ts'
import { planSubject, wantedLevel, type SubjectPlan } from '../../schemas/subject-plan.ts'
import { fault, fine, messageOf, orFault, warning, type CheckItem } from './check-item.ts'

/** Never rejects. */
export async function registryItems(config: Config, registry: Registry | undefined): Promise<readonly CheckItem[]> {
  if (registry === undefined) return []
  const wanted = writtenSubjects(config)
  const [reached, ...rest] = await Promise.all([
    reachItem(registry),
    ...wanted.map((one) => orFault(one.subject, planSubject(registry, one).then(subjectItems))),
  ])
  // A registry that is away says the same of every subject.
  return reached.state === 'ok' ? [reached, ...rest.flat()] : [reached]
}

// Any id will do: that there is no such schema is an answer as well.
async function reachItem(registry: Registry): Promise<CheckItem> {
  try {
    await registry.schemaById(1)
    return fine('registry', 'reached')
  } catch (error) {
    return fault('registry', messageOf(error), 'look at schemaRegistry.url, its credentials and the firewall between')
  }
}

const register = 'trackbridge schemas register'

function subjectItems({ subject, schemaName, state, id, level, latestVersion, reasons }: SubjectPlan) {
  switch (state) {
    case 'missing':
      return [fault(subject, `has no schema; ${schemaName} is written there`, register)]
    case 'new-version':
      return [fault(subject, `has another schema as version ${latestVersion}, and not our ${schemaName}`, register)]
    case 'incompatible':
      return [
        fault(
          subject,
          `has another schema as version ${latestVersion}, which does not go with our ${schemaName}: ${reasons.join('; ')}`,
          'write to another topic, or remove the subject',
        ),
      ]
    case 'registered':
      return [levelItem(subject, `${schemaName} is registered with id ${id}`, level)]
  }
}

const levelItem = (subject: string, found: string, level: string | null): CheckItem =>
  level === wantedLevel
    ? fine(subject, `${found}, compatibility ${wantedLevel}`)
    : warning(subject, `${found}, but its compatibility is ${level ?? 'not set'}, not ${wantedLevel}`, register)
