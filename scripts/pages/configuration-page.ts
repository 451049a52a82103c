// docs/configuration.md, from the schema of the configuration: every key, what it means, what may stand there, its default.
import { alternatives, configKeys, type ConfigKey, type SchemaNode } from '../../src/config/json-schema.ts'

const code = (text: string): string => `\`${text.replaceAll('|', String.raw`\|`)}\``
const cell = (text: string): string => text.replaceAll('|', String.raw`\|`).replaceAll('\n', ' ')

/** What may stand at a key, in a few words, e.g. "whole number, 1 to 64". */
export function allowedAt(node: SchemaNode): string {
  const choices = alternatives(node)
  if (node.enum !== undefined) return node.enum.map((value) => code(String(value))).join(', ')
  if (node.const !== undefined) return code(JSON.stringify(node.const).replaceAll('"', ''))
  if (choices.length > 0) return [...new Set(choices.map(allowedAt))].join(', or ')
  if (node.items !== undefined && node.type === 'array') return `list of ${allowedAt(node.items)}`
  return typeNames[String(node.type)]?.(node) ?? 'mapping'
}

const typeNames: Readonly<Record<string, (node: SchemaNode) => string>> = {
  string: () => 'text',
  boolean: () => '`true`, `false`',
  integer: (node) => `whole number${boundsOf(node)}`,
  number: (node) => `number${boundsOf(node)}`,
  object: () => 'mapping',
  array: () => 'list',
}

const largest = Number.MAX_SAFE_INTEGER

function boundsOf({ minimum = -largest, maximum = largest }: SchemaNode): string {
  if (minimum > -largest && maximum < largest) return `, ${minimum} to ${maximum}`
  if (minimum > -largest) return `, at least ${minimum}`
  return maximum < largest ? `, at most ${maximum}` : ''
}

function defaultAt({ node, required }: ConfigKey): string {
  if (required) return '_needed_'
  const value = node.default
  if (value === undefined || (typeof value === 'object' && Object.keys(value as object).length === 0)) return ''
  return code(JSON.stringify(value).replaceAll(/^"|"$/g, ''))
}

/** The page as Markdown. */
export function configurationPage(): string {
  const sections = [...Map.groupBy(configKeys(), ({ path }) => path.split(/[.[]/)[0] ?? '')].map(sectionText)
  return `${head}\n${sections.join('\n')}`
}

function sectionText([name, keys]: [string, readonly ConfigKey[]]): string {
  const [first] = keys
  const own = first?.path === name && keys.length > 1
  const members = own ? keys.slice(1) : keys
  const rows = members.map(
    (key) => `| ${code(key.path)} | ${cell(key.description)} | ${allowedAt(key.node)} | ${defaultAt(key)} |`,
  )
  const meaning = own ? `\n${capital(first.description)}.\n` : ''
  return `## ${name}\n${meaning}
| Key | Meaning | Allowed | Default |
| --- | ------- | ------- | ------- |
${rows.join('\n')}
`
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)

const head = `# Configuration

Written by \`node scripts/generate-pages.ts\` from the schema in src/config; do not edit.

One YAML or JSON file: \`--config FILE\`, else \`TRACKBRIDGE_CONFIG\`, else \`./trackbridge.yaml\`. The whole of it, with its
defaults and comments, is [\`trackbridge.example.yaml\`](../trackbridge.example.yaml); editors check it by
[\`deploy/trackbridge.schema.json\`](../deploy/trackbridge.schema.json).

- \`\${NAME}\` and \`\${NAME:-default}\` are filled in from the environment; a value that is only \`\${NAME}\` and turns out empty
  counts as absent; \`$\${\` is a literal \`\${\`.
- Keys that end in \`File\` name files, relative to the folder of the configuration. Secrets in files are read again when
  they change.
- Unknown keys are refused. All faults are told at once. \`trackbridge check\` then asks Kafka and the API.
- \`[]\` stands for each entry of a list. _needed_: there is no default, and the key must be there if its
  section, or its kind of section, is.
`
