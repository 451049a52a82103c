// What trackbridge asks a Confluent-compatible schema registry, and nothing more. In: subjects, ids, schema texts. Out:
// values; `null` where the registry says that there is no such thing. Rejects with TB_REGISTRY_UNAVAILABLE for all else.
// Registries differ (research on Confluent, Apicurio, srfake): compatibility is set for each subject, never taken from the
// global one, and only `is_compatible` is relied on; a reason may be missing.
import { TrackbridgeError } from '../errors.ts'
import { createRegistryHttp, type RegistryAnswer, type RegistryOptions } from './registry-http.ts'

export interface RegisteredSchema {
  readonly id: number
  readonly version: number
  readonly schema: string
}

/** What an id stands for. `type`: AVRO, PROTOBUF or JSON. */
export interface SchemaById {
  readonly schema: string
  readonly type: string
  /** Schemas that it refers to by name and that are registered elsewhere, each behind those that it refers to itself. */
  readonly parts: readonly string[]
}

export type Compatibility = { readonly compatible: boolean; readonly reasons: readonly string[] }

export interface Registry {
  /** null: the registry says that it has no such schema (404 with error_code 40403). */
  schemaById(id: number): Promise<SchemaById | null>
  /** The schema where it is registered under the subject, in any version. */
  lookup(subject: string, schema: string): Promise<RegisteredSchema | null>
  latest(subject: string): Promise<RegisteredSchema | null>
  /** The subject's own level, e.g. `FULL_TRANSITIVE`; null: it has none. */
  level(subject: string): Promise<string | null>
  setLevel(subject: string, level: string): Promise<void>
  /** Against the latest version, by the subject's level; an unknown subject takes anything. */
  compatibility(subject: string, schema: string): Promise<Compatibility>
  /** The id. Rejects with TB_SCHEMA_INCOMPATIBLE, with the registry's reason. */
  register(subject: string, schema: string): Promise<number>
}

const unknownSubject = 40_401
const unknownVersion = 40_402
const unknownSchema = 40_403
const unknownLevel = 40_408
const absent: readonly (number | undefined)[] = [unknownSubject, unknownVersion, unknownSchema, unknownLevel]

export function createRegistry(options: RegistryOptions): Registry {
  const send = createRegistryHttp(options)
  const ask = async (...[method, path, body]: Parameters<typeof request>): Promise<RegistryAnswer> =>
    send(request(method, path, body))
  const found = async (...parts: Parameters<typeof request>): Promise<RegistryAnswer | null> => {
    const answer = await ask(...parts)
    if (answer.status < 300) return answer
    // Any other 404 comes from something in front of the registry, and says nothing of the schema.
    if (answer.status === 404 && absent.includes(answer.errorCode)) return null
    throw unexpected(parts[1], answer)
  }
  return {
    async schemaById(id) {
      const path = `/schemas/ids/${id}`
      const answer = await found('GET', path)
      if (answer === null) return null
      const { schemaType: type = 'AVRO' } = answer.body
      if (typeof type !== 'string') throw unexpected(path, answer)
      const parts = type === 'AVRO' ? await partsOf(path, answer, (next) => found('GET', next)) : []
      return { schema: schemaOf(path, answer), type, parts }
    },
    async lookup(subject, schema) {
      const path = subjectPath(subject)
      const answer = await found('POST', path, { schema })
      return answer && toRegistered(path, answer)
    },
    async latest(subject) {
      const path = `${subjectPath(subject)}/versions/latest`
      const answer = await found('GET', path)
      return answer && toRegistered(path, answer)
    },
    async level(subject) {
      const answer = await found('GET', levelPath(subject))
      const level = answer?.body['compatibilityLevel']
      return typeof level === 'string' ? level : null
    },
    async setLevel(subject, compatibility) {
      await found('PUT', levelPath(subject), { compatibility })
    },
    async compatibility(subject, schema) {
      const path = `/compatibility/subjects/${encodeURIComponent(subject)}/versions/latest?verbose=true`
      const answer = await ask('POST', path, { schema })
      if (answer.status === 422) return { compatible: false, reasons: [answer.message] }
      if (answer.status === 404 && absent.includes(answer.errorCode)) return { compatible: true, reasons: [] }
      const { is_compatible: compatible } = answer.body
      if (typeof compatible !== 'boolean') throw unexpected(path, answer)
      return { compatible, reasons: reasonsOf(answer.body) }
    },
    async register(subject, schema) {
      const path = `${subjectPath(subject)}/versions`
      const answer = await ask('POST', path, { schema })
      const { id } = answer.body
      if (answer.status < 300 && typeof id === 'number') return id
      if (answer.status !== 409 && answer.status !== 422) throw unexpected(path, answer)
      const why = answer.message === '' ? `status ${answer.status}` : answer.message
      throw new TrackbridgeError('TB_SCHEMA_INCOMPATIBLE', `the registry refuses the schema of ${subject}: ${why}`)
    },
  }
}

const request = (method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown) => ({ method, path, body })
const subjectPath = (subject: string): string => `/subjects/${encodeURIComponent(subject)}`
const levelPath = (subject: string): string => `/config/${encodeURIComponent(subject)}`

function schemaOf(path: string, answer: RegistryAnswer): string {
  const { schema } = answer.body
  if (typeof schema !== 'string') throw unexpected(path, answer)
  return schema
}

const mostParts = 1_000

/** A registry that lacks a part of what it has is at fault itself, and asked again: no record is to blame. */
async function partsOf(
  path: string,
  whole: RegistryAnswer,
  ask: (path: string) => Promise<RegistryAnswer | null>,
): Promise<readonly string[]> {
  const parts: string[] = []
  const seen = new Set<string>()
  const add = async (from: string, answer: RegistryAnswer): Promise<void> => {
    for (const part of referencesOf(from, answer)) {
      if (seen.has(part)) continue
      if (seen.add(part).size > mostParts) throw unexpected(path, answer)
      const found = await ask(part)
      if (found === null)
        throw new TrackbridgeError(
          'TB_REGISTRY_UNAVAILABLE',
          `the schema registry does not have ${part}, to which ${from} refers`,
        )
      await add(part, found)
      parts.push(schemaOf(part, found))
    }
  }
  await add(path, whole)
  return parts
}

function referencesOf(path: string, answer: RegistryAnswer): readonly string[] {
  const { references = [] } = answer.body
  const list: unknown[] | null = Array.isArray(references) ? references : references === null ? [] : null
  if (list === null) throw unexpected(path, answer)
  return list.map((one) => {
    const { subject, version } = (one ?? {}) as Readonly<Record<string, unknown>>
    if (typeof subject !== 'string' || typeof version !== 'number') throw unexpected(path, answer)
    return `${subjectPath(subject)}/versions/${version}`
  })
}

function toRegistered(path: string, answer: RegistryAnswer): RegisteredSchema {
  const { id, version, schema } = answer.body
  if (typeof id === 'number' && typeof version === 'number' && typeof schema === 'string')
    return { id, version, schema }
  throw unexpected(path, answer)
}

// Confluent tells texts, Apicurio one `reason`, at times null.
function reasonsOf({ messages, reason }: RegistryAnswer['body']): readonly string[] {
  const told: readonly unknown[] = Array.isArray(messages) ? messages : [reason]
  return told.filter((text): text is string => typeof text === 'string' && text !== '')
}

const unexpected = (path: string, { status, errorCode, message }: RegistryAnswer): TrackbridgeError =>
  new TrackbridgeError(
    'TB_REGISTRY_UNAVAILABLE',
    `the schema registry answers ${path} with status ${status}${errorCode === undefined ? '' : `, error_code ${errorCode}`}` +
      (message === '' ? ', which is no answer of a schema registry' : `: ${message.slice(0, 300)}`),
  )
