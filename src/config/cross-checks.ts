// Rules of the configuration that span several keys. In: the document with ${ENV} filled in, right or wrong: these faults
// are told together with those of single keys, so nothing here may rely on a valid document. Out: faults.
import { backfillFaults, backfillTopicPaths } from './backfill-checks.ts'
import { backfillTopic, defaultDestinationTopic } from './destination-schema.ts'
import type { Fault } from './faults.ts'
import { isMapping, keyText, valueAt, type Path } from './paths.ts'
import { configKeys } from './json-schema.ts'
import { rawFaults, rawTopicPaths } from './raw-checks.ts'
import { registryFaults } from './registry-checks.ts'
import { replicaFaults } from './topic-checks.ts'

/** Every fault that only shows when keys are seen together. Never throws. */
export function crossFaults(document: unknown): readonly Fault[] {
  const destinations = valueAt(document, ['destinations'])
  const entries = Array.isArray(destinations) ? destinations.map((_, index) => ['destinations', index] as const) : []
  return [
    ...sslFaults(document),
    ...saslFaults(document),
    ...registryFaults(document, entries),
    ...repeated(
      document,
      entries.map((entry) => [...entry, 'name']),
      'a name that no other destination has',
    ),
    ...topicFaults(document, entries),
    ...backfillFaults(document, entries),
    ...replicaFaults(document),
    ...entries.flatMap((entry) => sinkFaults(document, [...entry, 'sink'])),
  ]
}

const ssl: Path = ['kafka', 'ssl']

const missingPem = (key: string, beside: string): Fault => ({
  key: keyText([...ssl, key]),
  found: 'nothing',
  allowed: `PEM text, or a file named by ${key}File: ${keyText([...ssl, beside])} needs it`,
})

/** Each part of TLS as text or as a file, and what needs what. */
function sslFaults(document: unknown): readonly Fault[] {
  const pairs = ['ca', 'cert', 'key', 'passphrase'].map((plain) => [plain, `${plain}File`] as const)
  const has = (plain: string) => pairs.some(([one, file]) => one === plain && some(document, ssl, one, file))
  return [
    ...pairs.flatMap(([plain, file]) => (both(document, ssl, plain, file) ? [tooMany(ssl, plain, file)] : [])),
    ...(has('cert') && !has('key') ? [missingPem('key', 'cert')] : []),
    ...(has('key') && !has('cert') ? [missingPem('cert', 'key')] : []),
    ...(has('passphrase') && !has('key') && !has('cert') ? [missingPem('key', 'passphrase')] : []),
  ]
}

function certificateFaults(document: unknown, parent: Path): readonly Fault[] {
  const at = (key: string) => valueAt(document, [...parent, key]) !== undefined
  const missing = (key: string, beside: string): Fault => ({
    key: keyText([...parent, key]),
    found: 'nothing',
    allowed: `a file: ${keyText([...parent, beside])} needs it`,
  })
  return [
    ...(at('certFile') && !at('keyFile') ? [missing('keyFile', 'certFile')] : []),
    ...(at('keyFile') && !at('certFile') ? [missing('certFile', 'keyFile')] : []),
    ...(at('passphrase') && !at('keyFile') && !at('certFile') ? [missing('keyFile', 'passphrase')] : []),
  ]
}

function saslFaults(document: unknown): readonly Fault[] {
  const sasl = valueAt(document, ['kafka', 'sasl'])
  if (!isMapping(sasl)) return []
  switch (sasl['mechanism']) {
    case undefined:
      return []
    case 'oauthbearer':
      return tokenFaults(document)
    case 'aws-iam':
      return both(document, saslPath, 'profile', 'roleArn') ? [tooMany(saslPath, 'profile', 'roleArn')] : []
    default:
      return exactlyOne(document, saslPath, 'password', 'passwordFile')
  }
}

const saslPath: Path = ['kafka', 'sasl']

/** A token comes from a file, or from a token endpoint with a client's credentials. */
function tokenFaults(document: unknown): readonly Fault[] {
  const at = (key: string) => valueAt(document, [...saslPath, key]) !== undefined
  const fault = (key: string, found: string, allowed: string): Fault => ({
    key: keyText([...saslPath, key]),
    found,
    allowed,
  })
  if (at('tokenFile') && at('tokenUrl')) return [tooMany(saslPath, 'tokenFile', 'tokenUrl')]
  const ofClient = ['clientId', 'clientSecret', 'clientSecretFile', 'scope'].filter(at)
  if (at('tokenFile')) return ofClient.map((key) => fault(key, `${key} beside tokenFile`, `${key} with tokenUrl only`))
  if (!at('tokenUrl')) return [fault('tokenFile', 'nothing', 'a file that holds the token, or a tokenUrl')]
  const noId = at('clientId') ? [] : [fault('clientId', 'nothing', 'the client id: tokenUrl needs it')]
  return [...noId, ...exactlyOne(document, saslPath, 'clientSecret', 'clientSecretFile')]
}

function sinkFaults(document: unknown, sink: Path): readonly Fault[] {
  if (!isMapping(valueAt(document, sink))) return []
  return [
    ...addressFaults(document, sink),
    ...credentialFaults(document, sink),
    ...headerFaults(document, [...sink, 'headers']),
    ...certificateFaults(document, sink),
    ...limitFaults(document, [...sink, 'limits']),
  ]
}

function addressFaults(document: unknown, sink: Path): readonly Fault[] {
  const [format, url, region] = ['format', 'url', 'region'].map((key) => valueAt(document, [...sink, key]))
  const at = (key: string) => keyText([...sink, key])
  if (format === 'ndjson' || format === 'json-array') {
    const only = `nothing: format ${format} needs url in its place`
    return [
      ...(url === undefined
        ? [
            {
              key: at('url'),
              found: 'nothing',
              allowed: `the whole address of the endpoint: format ${format} needs it`,
            },
          ]
        : []),
      ...(region === undefined ? [] : [{ key: at('region'), found: 'a region', allowed: only }]),
    ]
  }
  if (both(document, sink, 'url', 'region')) return [tooMany(sink, 'url', 'region')]
  if (typeof url !== 'string' || !/\/(?:batch|identify|track|page|screen|group|alias)\/*$/.test(url)) return []
  const allowed = 'the base only, as in https://cdp.customer.io/v1: /batch and /{type} are added to it'
  return [{ key: at('url'), found: JSON.stringify(url.replace(/\/\/[^/]*@/, '//***@')), allowed }]
}

function credentialFaults(document: unknown, sink: Path): readonly Fault[] {
  const auth: Path = [...sink, 'auth']
  const found = valueAt(document, auth)
  if (found === undefined) return exactlyOne(document, sink, 'apiKey', 'apiKeyFile')
  const keys = ['apiKey', 'apiKeyFile'].filter((key) => valueAt(document, [...sink, key]) !== undefined)
  const beside = keys.map((key): Fault => ({
    key: keyText([...sink, key]),
    found: `${key} beside auth`,
    allowed: `${key} or auth, not both`,
  }))
  const type = isMapping(found) ? found['type'] : undefined
  if (type === 'basic') return [...beside, ...exactlyOne(document, auth, 'password', 'passwordFile')]
  return type === 'bearer' ? [...beside, ...exactlyOne(document, auth, 'token', 'tokenFile')] : beside
}

const ownHeaders: Readonly<Record<string, string>> = {
  authorization: 'apiKey or auth',
  'proxy-authorization': 'proxy',
  'content-type': 'format',
  'content-encoding': 'compression',
}
const madeHeaders =
  /^(?:content-length|host|user-agent|x-strict-mode|connection|keep-alive|transfer-encoding|expect|upgrade|te|trailer)$/

function headerFaults(document: unknown, headers: Path): readonly Fault[] {
  const found = valueAt(document, headers)
  const names = isMapping(found) ? Object.keys(found) : []
  return names.flatMap((name, index) => {
    const lower = name.toLowerCase()
    const fault = (allowed: string): readonly Fault[] => [
      { key: keyText(headers), found: `the header ${JSON.stringify(name)}`, allowed },
    ]
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return fault('names of letters, digits and -')
    if (ownHeaders[lower] !== undefined) return fault(`other headers: this one is set by ${ownHeaders[lower]}`)
    if (madeHeaders.test(lower)) return fault('other headers: this one is set by trackbridge')
    const isRepeated = names.slice(0, index).some((earlier) => earlier.toLowerCase() === lower)
    return isRepeated ? fault('each name once') : []
  })
}

const both = (document: unknown, parent: Path, one: string, other: string) =>
  valueAt(document, [...parent, one]) !== undefined && valueAt(document, [...parent, other]) !== undefined

const some = (document: unknown, parent: Path, ...keys: readonly string[]) =>
  keys.some((key) => valueAt(document, [...parent, key]) !== undefined)

const tooMany = (parent: Path, one: string, other: string): Fault => ({
  key: keyText([...parent, other]),
  found: `${other} beside ${one}`,
  allowed: `${one} or ${other}, not both`,
})

function exactlyOne(document: unknown, parent: Path, plain: string, file: string): readonly Fault[] {
  if (both(document, parent, plain, file)) return [tooMany(parent, plain, file)]
  return some(document, parent, plain, file)
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
  const written: readonly Path[] = [
    ['deadLetters', 'topic'],
    ['unsupported', 'topic'],
    ...entries.map((entry) => [...entry, 'topic']),
    ...backfillTopicPaths(document, entries),
  ]
  const names = written.flatMap((path) => {
    const topic = valueAt(document, path) ?? impliedTopic(document, path)
    return typeof topic === 'string' ? [[topic, path] as const] : []
  })
  return [
    ...rawFaults(document, new Map(names)),
    ...repeated(document, [...rawTopicPaths(document), ...written], 'a topic of its own'),
  ]
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
  if (path.at(-2) === 'backfill') {
    const live = [...path.slice(0, -2), 'topic']
    const topic = valueAt(document, live) ?? impliedTopic(document, live)
    return typeof topic === 'string' ? backfillTopic(topic) : undefined
  }
  const name = valueAt(document, [...path.slice(0, -1), 'name'])
  return typeof name === 'string' ? defaultDestinationTopic(name) : undefined
}
