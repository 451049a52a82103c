// docs/mapping.md, from the mapping table and the fixtures that test it: every row with a call of v1 and one of v2 and
// what they become, then what has no counterpart. Every example is a test's.
import { readdirSync, readFileSync } from 'node:fs'
import { explain } from '../../src/cli/explain/explanation.ts'
import { explainSettings } from '../../src/cli/explain/explain-settings.ts'
import { decodeCall } from '../../src/translate/call-text.ts'
import { mappingTable } from '../../src/translate/mapping-table.ts'

interface Fixture {
  readonly name: string
  readonly source: string
  readonly call?: Readonly<Record<string, unknown>>
  readonly settings?: object
  readonly expected: {
    readonly outcome: string
    readonly reason?: string
    readonly field?: string
    readonly messages?: readonly Readonly<Record<string, unknown>>[]
  }
}

interface Example extends Fixture {
  readonly call: Readonly<Record<string, unknown>>
  /** Rows of the table, one for each message. */
  readonly rows: readonly string[]
  /** What of it Pipelines has no counterpart for. */
  readonly unsupported: readonly string[]
}

const folder = 'test/fixtures/calls'
const origin = { topic: 'cio.track.raw', partition: 0, offset: 0, timestampMs: Date.parse('2023-08-24T14:15:22.000Z') }

function readExamples(): readonly Example[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'))
  const fixtures = files.flatMap((file) => JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as Fixture[])
  return fixtures.flatMap((fixture) => {
    const { call, settings } = fixture
    // Placeholders for nesting and digits are for the tests only.
    if (call === undefined || settings !== undefined || JSON.stringify(call).includes('"@')) return []
    const { operations } = explain(decodeCall(Buffer.from(JSON.stringify(call))), origin, explainSettings(undefined))
    const rows = operations.flatMap(({ split }) => split)
    return [{ ...fixture, call, rows, unsupported: operations.flatMap(({ unsupported }) => unsupported) }]
  })
}

const pathOf = ({ call: { path } }: Example): string => (typeof path === 'string' ? path : '')
const isV2 = (example: Example): boolean => pathOf(example) === '' || pathOf(example).includes('/v2/')
const size = ({ call }: Example): number => JSON.stringify(call).length

// Of several the documents' own examples come first, those that spell a path as the API does and hold some data, and of
// these the shortest.
function worth(example: Example): number {
  const isOdd = !isV2(example) && !pathOf(example).startsWith('/api/v1/')
  const isEmpty = (example.expected.messages ?? []).some((message) =>
    ['properties', 'traits'].some((key) => JSON.stringify(message[key]) === '{}'),
  )
  const isOwn = !/^[ABT]:/.test(example.source)
  return (isOdd ? 100_000 : 0) + (isEmpty ? 50_000 : 0) + (isOwn ? 10_000 : 0) + size(example)
}

function best(examples: readonly Example[]): readonly Example[] {
  const [first] = examples.toSorted((one, other) => worth(one) - worth(other))
  return first === undefined ? [] : [first]
}

const ofEnvelope = ['messageId', 'timestamp', 'originalTimestamp', 'sentAt', 'receivedAt', 'integrations']

const block = (value: unknown): string => `\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\`\n`

function exampleText({ name, call, expected, source }: Example): string {
  const messages = (expected.messages ?? []).map((message) =>
    Object.fromEntries(Object.entries(message).filter(([key]) => !ofEnvelope.includes(key))),
  )
  return `_${name}_ (${source}):\n\n${block(call)}\nbecomes\n\n${messages.map(block).join('\n')}`
}

function rowText(name: string, examples: readonly Example[]): string {
  const { message, source } = mappingTable[name as keyof typeof mappingTable]
  const own = examples.filter(({ rows }) => rows.length === 1 && rows[0] === name)
  const shown = [...best(own.filter((example) => !isV2(example))), ...best(own.filter(isV2))]
  // A relationship comes with whom or what it belongs to.
  const split = shown.length > 0 ? [] : best(examples.filter(({ rows }) => rows.includes(name)))
  return `### ${name}\n\nBecomes \`${message}\` (${source}).\n\n${[...shown, ...split].map(exampleText).join('\n')}`
}

// One row for all metrics that Pipelines does not know.
const kindOf = (reason: string): string => reason.replace(/^(delivery metric) .*/, '$1 that Pipelines does not know')

function asideTable(examples: readonly Example[]): string {
  const first = new Map<string, Example>()
  for (const example of examples.toSorted((one, other) => size(one) - size(other)))
    for (const reason of example.unsupported.map(kindOf)) if (!first.has(reason)) first.set(reason, example)
  const rows = [...first].toSorted(([one], [other]) => (one < other ? -1 : 1))
  const texts = rows.map(
    ([reason, { call }]) => `| ${reason} | \`${JSON.stringify(call).replaceAll('|', String.raw`\|`)}\` |`,
  )
  return `| Reason | For example |\n| ------ | ----------- |\n${texts.join('\n')}\n`
}

/** The page as Markdown. */
export function mappingPage(): string {
  const examples = readExamples()
  const rows = Object.keys(mappingTable).map((name) => rowText(name, examples))
  return `# Mapping reference

Written by \`node scripts/generate-pages.ts\` from the mapping table and the fixtures in test/fixtures/calls; do not edit.

Every row of the table, with calls of Track v1 and v2 and what they become: each example is a test's. A and B are
Customer.io's documents on the translation, T and P the descriptions of the Track and the Pipelines API. Which row a call of
yours takes, \`trackbridge explain\` tells. Every message also has \`messageId\`, \`timestamp\`, \`originalTimestamp\`, \`sentAt\`,
\`receivedAt\` and \`integrations\`, which are left out here. A call with relationships is split: one message for the person or
object, and one for each relationship.

## Rows

${rows.join('\n')}
## Unsupported

Well-formed calls, or parts of them, that Pipelines has no counterpart for. They go to the unsupported topic.

${asideTable(examples)}
Anything that is neither is \`invalid\`: a dead letter that names the field and what is wrong with it.
`
}
