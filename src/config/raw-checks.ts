// Rules of the section `raw` that span keys (cross-checks.ts tells them with the others). In: the document with ${ENV}
// filled in, right or wrong. Out: faults.
import type { Fault } from './faults.ts'
import { isMapping, keyText, valueAt, type Path } from './paths.ts'
import { defaultTopics } from './topics-schema.ts'

const ways = ['topic', 'topics', 'pattern'] as const

/** The keys that name raw topics in a document: `raw.topic`, each of `raw.topics`, or none beside a pattern. */
export function rawTopicPaths(document: unknown): readonly Path[] {
  const topics = valueAt(document, ['raw', 'topics'])
  if (Array.isArray(topics)) return topics.map((_, index) => ['raw', 'topics', index])
  return valueAt(document, ['raw', 'pattern']) === undefined ? [['raw', 'topic']] : []
}

/** `written`: the topics that trackbridge writes to, by the key that names each. */
export function rawFaults(document: unknown, written: ReadonlyMap<string, Path>): readonly Fault[] {
  const [first, ...others] = ways.filter((key) => valueAt(document, ['raw', key]) !== undefined)
  const beside = others.map((key): Fault => ({
    key: keyText(['raw', key]),
    found: `${key} beside ${first}`,
    allowed: 'one of topic, topics and pattern',
  }))
  return [
    ...beside,
    ...patternFaults(valueAt(document, ['raw', 'pattern']), written),
    ...strayShapes(document, valueAt(document, ['raw', 'callByTopic'])),
  ]
}

/** Shapes of topics that are not read: a typing error would leave their calls unread. */
function strayShapes(document: unknown, shapes: unknown): readonly Fault[] {
  if (!isMapping(shapes)) return []
  const pattern = valueAt(document, ['raw', 'pattern'])
  const matches = typeof pattern === 'string' ? matcherOf(pattern) : undefined
  const names = rawTopicPaths(document)
    .map((path) => valueAt(document, path) ?? defaultTopics.raw)
    .filter((name) => typeof name === 'string')
  const isRead = (topic: string): boolean =>
    pattern === undefined ? names.includes(topic) : matches?.test(topic) !== false
  return Object.keys(shapes)
    .filter((topic) => !isRead(topic))
    .map((topic) => ({
      key: 'raw.callByTopic',
      found: `the topic ${JSON.stringify(topic)}`,
      allowed: pattern === undefined ? `the raw topics: ${names.join(', ')}` : 'topics that raw.pattern matches',
    }))
}

// What is read from must not be what is written to: the messages would come round as raw calls for ever.
function patternFaults(pattern: unknown, written: ReadonlyMap<string, Path>): readonly Fault[] {
  const matches = typeof pattern === 'string' ? matcherOf(pattern) : undefined
  if (matches === undefined) return []
  const hit = [...written].find(([topic]) => matches.test(topic))
  if (hit === undefined) return []
  const [topic, path] = hit
  const found = `a pattern that matches "${topic}", which is ${keyText(path)}`
  return [{ key: 'raw.pattern', found, allowed: 'a pattern that matches no topic that trackbridge writes to' }]
}

function matcherOf(pattern: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${pattern})$`, 'u')
  } catch {
    return undefined
  }
}
