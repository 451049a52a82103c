// Names of topics that the file leaves out, made of `topics.prefix` and `topics.destinationName`. In: the document with
// ${ENV} filled in, right or wrong. Out: the same with the names written in, so that every later check sees them. A
// document with neither key comes back as it is: the schema's own defaults do then. Ruled by kafka.md, "Topics".
import { isMapping, valueAt } from './paths.ts'
import { defaultDestinationName, defaultTopics } from './topics-schema.ts'

/** `topics: {prefix: 'eu.'}` gives `raw: {topic: 'eu.cio.track.raw'}` and so on; names that are there win. Never throws. */
export function nameTopics(document: unknown): unknown {
  const prefix = valueAt(document, ['topics', 'prefix']) ?? ''
  const template = valueAt(document, ['topics', 'destinationName']) ?? defaultDestinationName
  // What is no text is told by the schema.
  if (!isMapping(document) || typeof prefix !== 'string' || typeof template !== 'string') return document
  if (prefix === '' && template === defaultDestinationName) return document
  const named: Record<string, unknown> = { ...document }
  if (prefix !== '')
    for (const [section, topic] of Object.entries(defaultTopics))
      named[section] = withTopic(document[section] === undefined ? {} : document[section], prefix + topic)
  const destinations = document['destinations']
  if (Array.isArray(destinations))
    named['destinations'] = destinations.map((entry: unknown) => {
      const name = isMapping(entry) ? entry['name'] : undefined
      return typeof name === 'string' ? withTopic(entry, prefix + template.replaceAll('{name}', name)) : entry
    })
  return named
}

// Several raw topics, or a pattern of them, are names that are written out.
const written = ['topic', 'topics', 'pattern'] as const

function withTopic(section: unknown, topic: string): unknown {
  if (!isMapping(section)) return section
  return written.some((key) => section[key] !== undefined) ? section : { ...section, topic }
}
