// Rules of the configuration that span several keys. In: the document with ${ENV} filled in, right or wrong: these faults
// are told together with those of single keys, so nothing here may rely on a valid document. Out: faults.
import { defaultDestinationTopic } from './destination-schema.ts'
import type { Fault } from './faults.ts'
import { isMapping, keyText, valueAt, type Path } from './paths.ts'
import { configKeys } from './json-schema.ts'

/** Every fault that only shows when keys are seen together. Never throws. */
export function crossFaults(document: unknown): readonly Fault[] {
  const destinations = valueAt(document, ['destinations'])
  const entries = Array.isArray(destinations) ? destinations.map((_, index) => ['destinations', index] as const) : []
  return [
    ...sslFaults(document),
    ...saslFaults(document),
    ...repeated(
      document,
      entries.map((entry) => [...entry, 'name']),
      'a name that no other destination has',
    ),
    ...topicFaults(document, entries),
    ...entries.flatMap((entry) => sinkFaults(document, [...entry, 'sink'])),
  ]
}

function sslFaults(document: unknown): readonly Fault[] {
  const at = (key: string) => valueAt(document, ['kafka', 'ssl', key]) !== undefined
  return [
    ...(at('certFile') && !at('keyFile') ? [missingFile('keyFile', 'certFile')] : []),
    ...(at('keyFile') && !at('certFile') ? [missingFile('certFile', 'keyFile')] : []),
    ...(at('passphrase') && !at('keyFile') && !at('certFile') ? [missingFile('keyFile', 'passphrase')] : []),
  ]
}

const missingFile = (key: string, beside: string): Fault => ({
  key: `kafka.ssl.${key}`,
  found: 'nothing',
  allowed: `a file: kafka.ssl.${beside} needs it`,
})

function saslFaults(document: unknown): readonly Fault[] {
  const sasl = valueAt(document, ['kafka', 'sasl'])
  if (!isMapping(sasl) || sasl['mechanism'] === 'oauthbearer' || sasl['mechanism'] === undefined) return []
  return exactlyOne(document, ['kafka', 'sasl'], 'password', 'passwordFile')
}

function sinkFaults(document: unknown, sink: Path): readonly Fault[] {
  if (!isMapping(valueAt(document, sink))) return []
  return [
    ...(both(document, sink, 'url', 'region') ? [tooMany(sink, 'url', 'region')] : []),
    ...exactlyOne(document, sink, 'apiKey', 'apiKeyFile'),
    ...limitFaults(document, [...sink, 'limits']),
  ]
}

const both = (document: unknown, parent: Path, one: string, other: string) =>
  valueAt(document, [...parent, one]) !== undefined && valueAt(document, [...parent, other]) !== undefined

const tooMany = (parent: Path, one: string, other: string): Fault => ({
  key: keyText([...parent, other]),
  found: `${other} beside ${one}`,
  allowed: `${one} or ${other}, not both`,
})

function exactlyOne(document: unknown, parent: Path, plain: string, file: string): readonly Fault[] {
  if (both(document, parent, plain, file)) return [tooMany(parent, plain, file)]
  const some = [plain, file].some((key) => valueAt(document, [...parent, key]) !== undefined)
  return some
    ? []
    : [{ key: keyText([...parent, plain]), found: 'nothing', allowed: `text, or a file named by ${file}` }]
}

const limitOrder = [
  ['maxCallBytes', 'maxSingleBytes'],
  ['maxCallBytes', 'maxBatchBytes'],
  ['maxBatchBytes', 'maxBufferBytes'],
  ['maxSingleBytes', 'maxBufferBytes'],
] as const

function limitFaults(document: unknown, limits: Path): readonly Fault[] {
  const value = (key: string) => valueAt(document, [...limits, key]) ?? defaultOf(`destinations[].sink.limits.${key}`)
  return limitOrder.flatMap(([small, large]) => {
    const [smallBytes, largeBytes] = [value(small), value(large)]
    if (typeof smallBytes !== 'number' || typeof largeBytes !== 'number' || smallBytes <= largeBytes) return []
    const allowed = `at least ${small}, which is ${smallBytes}`
    return [{ key: keyText([...limits, large]), found: String(largeBytes), allowed }]
  })
}

const defaultOf = (path: string): unknown => configKeys().find((key) => key.path === path)?.node.default

function topicFaults(document: unknown, entries: readonly Path[]): readonly Fault[] {
  const fixed: readonly Path[] = [
    ['raw', 'topic'],
    ['deadLetters', 'topic'],
    ['unsupported', 'topic'],
  ]
  const ofDestinations = entries.map((entry) => [...entry, 'topic'])
  return repeated(document, [...fixed, ...ofDestinations], 'a topic of its own')
}

function repeated(document: unknown, paths: readonly Path[], allowed: string): readonly Fault[] {
  const seen = new Map<string, string>()
  return paths.flatMap((path) => {
    const value = valueAt(document, path) ?? impliedTopic(document, path)
    if (typeof value !== 'string') return []
    const first = seen.get(value)
    if (first === undefined) seen.set(value, keyText(path))
    return first === undefined ? [] : [{ key: keyText(path), found: `"${value}", as in ${first}`, allowed }]
  })
}

function impliedTopic(document: unknown, path: Path): unknown {
  if (path.at(-1) !== 'topic') return undefined
  if (path[0] !== 'destinations') return defaultOf(keyText(path))
  const name = valueAt(document, [...path.slice(0, -1), 'name'])
  return typeof name === 'string' ? defaultDestinationTopic(name) : undefined
}
