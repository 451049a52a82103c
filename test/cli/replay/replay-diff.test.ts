import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { ProgramContext } from '../../../src/cli/program.ts'
import { messageEncoder } from '../../../src/schemas/message-value.ts'
import { createWindow, event, identify, withValue } from '../../replay/diff-window.ts'
import { rawTimestamp, routeTo, topologySettings } from '../../support/raw-records.ts'
import { startRegistryStub } from '../../support/registry-stub.ts'
import { configFile, runCommand } from '../run/run-command.ts'

const document = {
  kafka: { brokers: 'a:9092' },
  raw: { topic: 'raw' },
  destinations: [{ name: 'main', topic: 'main', sink: { apiKey: 'key' } }],
  deadLetters: { topic: 'dlq' },
  unsupported: { topic: 'unsupported' },
}

const relationship = {
  type: 'person',
  action: 'add_relationships',
  identifiers: { id: 'c' },
  cio_relationships: [
    { identifiers: { object_type_id: '1', object_id: 'acme' }, relationship_attributes: { role: 'admin' } },
  ],
}
const broken = { method: 'POST', path: '/api/v1/customers/42/events', body: {} }

type Window = Awaited<ReturnType<typeof createWindow>>

/** Runs `replay --diff` on the window's broker. */
function runDiff(
  { broker }: Window,
  argv: readonly string[],
  { config = configFile(document), ...parts }: { readonly config?: string } & Partial<ProgramContext> = {},
) {
  const createBroker = async () => broker
  return runCommand(['replay', '--diff', ...argv, '--config', config], { createBroker, ...parts })
}

const minute = (count: number): string => new Date(rawTimestamp + 60_000 * count).toISOString()

/** Four raw records, of which the topic holds one as it is, another one changed, and one too many. */
async function planted(): Promise<Window> {
  const window = await createWindow()
  window.raw([event('a'), event('b', { items: [{ sku: 'x' }] }), relationship, broken])
  const [first, second, third] = window.made()
  const changed = withValue(second, (message) => ({ ...message, properties: { items: [{ sku: 'y' }] } }))
  window.write([first!, changed, { ...third!, headers: { ...third!.headers, 'tb-mid': 'stray' } }])
  return window
}

describe('replay --diff with what stands on the topic', () => {
  test('prints every difference with its place, what changes, and counts; and writes nothing', async () => {
    const window = await planted()
    const config = configFile(document)
    const { exitCode, stdout, stderr } = await runDiff(window, [], { config })
    const [, second, third] = window.made()
    expect(stdout.split('\n')).toEqual([
      'Window  1 partition, 4 offsets, 4 raw records; nothing is written',
      `  + here   ${config}`,
      '  - there  topic main',
      '',
      '                      same       changed     only here    only there',
      '  main track             1             1             0             0',
      '  main group             0             0             1             1',
      '  total                  1             1             1             1',
      '',
      'What changes  messages by path',
      '             1  properties.items[*].sku',
      '',
      'Topic  main, 3 records read',
      '',
      'Samples  they hold personal data; --no-samples leaves them out',
      `~ changed  main  track  raw:0:1  ${String(second?.headers['tb-mid'])}  "b"`,
      '    - properties.items[0].sku: "y"',
      '    + properties.items[0].sku: "x"',
      '> only there  main  group  raw:0:2  stray  "c"',
      `< only here  main  group  raw:0:2  ${String(third?.headers['tb-mid'])}  "c"`,
      '',
      '1 same, 1 changed, 1 only here, 1 only there',
      '',
    ])
    expect([exitCode, stderr, window.broker.stored('main').length, window.broker.open()]).toEqual([0, '', 3, 1])
  })

  test('prints the same as JSON', async () => {
    const window = await planted()
    const config = configFile(document)
    const { stdout } = await runDiff(window, ['--json', '--samples', '1'], { config })
    const result = JSON.parse(stdout) as { readonly samples: readonly object[] }
    expect({ ...result, samples: result.samples.slice(0, 1) }).toEqual({
      here: config,
      there: {
        kind: 'topics',
        topics: [
          {
            topic: 'main',
            records: 3,
            repeats: 0,
            unasked: 0,
            outside: 0,
            foreign: 0,
            misplaced: 0,
            isCut: false,
          },
        ],
      },
      partitions: 1,
      offsets: 4,
      records: 4,
      cut: null,
      differs: true,
      types: [
        { destination: 'main', type: 'track', same: 1, changed: 1, onlyHere: 0, onlyThere: 0 },
        { destination: 'main', type: 'group', same: 0, changed: 0, onlyHere: 1, onlyThere: 1 },
      ],
      totals: { same: 1, changed: 1, onlyHere: 1, onlyThere: 1 },
      paths: [{ path: 'properties.items[*].sku', messages: 1 }],
      pathsUnknown: 0,
      samples: [
        {
          destination: 'main',
          type: 'track',
          place: 'raw:0:1',
          messageId: window.made()[1]?.headers['tb-mid'],
          person: 'b',
          verdict: 'changed',
          changes: [{ path: 'properties.items[0].sku', kind: 'properties.items[*].sku', here: '"x"', there: '"y"' }],
        },
      ],
    })
    expect(result.samples).toHaveLength(3)
  })

  test('shows no payload with --no-samples, and exits with 1 for differences where that is asked for', async () => {
    const { exitCode, stdout } = await runDiff(await planted(), ['--no-samples', '--exit-code'])
    expect([exitCode, stdout.includes('Samples'), stdout.includes('"b"')]).toEqual([1, false, false])
  })

  test('exits with 0 where there is no difference, --exit-code or not', async () => {
    const window = await createWindow()
    window.raw([event('a')])
    window.write(window.made())
    expect((await runDiff(window, ['--exit-code'])).exitCode).toBe(0)
  })

  test('compares the window that --from and --to name, and what --filter asks for', async () => {
    const window = await planted()
    const last = async (...argv: readonly string[]) => (await runDiff(window, argv)).stdout.split('\n').at(-2)
    expect([
      await last('--from', minute(1), '--to', minute(2)),
      await last('--from', 'raw:0:2'),
      await last('--filter', 'type=group'),
      await last('--filter', 'person=a,b', '--filter', 'person!=b'),
      await last('--filter', 'partition=7'),
    ]).toEqual([
      '0 same, 1 changed, 0 only here, 0 only there',
      '0 same, 0 changed, 1 only here, 1 only there',
      '0 same, 0 changed, 1 only here, 1 only there',
      '1 same, 0 changed, 0 only here, 0 only there',
      '0 same, 0 changed, 0 only here, 0 only there',
    ])
  })

  test('reads another topic with --against', async () => {
    const window = await planted()
    window.broker.createTopic('second', 1)
    const messages = window.made().filter(({ topic }) => topic === 'main')
    window.write(messages.map((record) => ({ ...record, topic: 'second' })))
    const { stdout } = await runDiff(window, ['--against', 'second'])
    expect(stdout.split('\n').at(-2)).toBe('3 same, 0 changed, 0 only here, 0 only there')
  })

  test('reads Avro on the topic through the registry', async () => {
    const registry = await startRegistryStub()
    const id = registry.put('main-value', readFileSync('avro/PipelinesMessage.avsc', 'utf8'))
    const window = await createWindow()
    window.raw([event('a'), identify('b', { n: 1 }), identify('c')])
    const settings = topologySettings([routeTo('main', { encode: messageEncoder(id, 'main') })])
    const json = window.made()
    const [first, second] = window.made(settings)
    window.write([first!, { ...second!, headers: json[2]!.headers }])
    const destinations = [{ name: 'main', topic: 'main', format: 'avro' }]
    const config = configFile({ ...document, destinations, schemaRegistry: { url: registry.url } })
    const { stdout, stderr } = await runDiff(window, ['--no-samples'], { config })
    expect([stdout.split('\n').at(-2), stderr]).toEqual(['1 same, 1 changed, 1 only here, 0 only there', ''])
  })
})

describe('replay --diff with another configuration', () => {
  test('says at one glance what the other settings change', async () => {
    const window = await createWindow()
    window.raw([event('a'), relationship, { ...relationship, identifiers: { id: 'd' } }, broken])
    const other = configFile({ ...document, mapping: { relationshipTraitsKey: 'both' } })
    const config = configFile(document)
    const { exitCode, stdout, stderr } = await runDiff(window, ['--config-b', other, '--samples', '1'], { config })
    expect(stdout.split('\n')).toEqual([
      'Window  1 partition, 4 offsets, 4 raw records; nothing is written',
      `  - here   ${config}`,
      `  + there  ${other}`,
      '',
      '                       same       changed     only here    only there',
      '  main track              1             0             0             0',
      '  main group              0             2             0             0',
      '  dead-letter             1             0             0             0',
      '  total                   2             2             0             0',
      '',
      'What changes  messages by path',
      '             2  traits.relationshipAttributes',
      '',
      'Samples  they hold personal data; --no-samples leaves them out',
      `~ changed  main  group  raw:0:1  ${String(window.made()[1]?.headers['tb-mid'])}  "c"`,
      '    + traits.relationshipAttributes: {"role":"admin"}',
      '',
      '2 same, 2 changed, 0 only here, 0 only there',
      '',
    ])
    expect([exitCode, stderr]).toEqual([0, ''])
  })

  test('cuts long values, long lists of changes, and escapes what could write to the terminal', async () => {
    const window = await createWindow()
    const data = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`k${index}`, 'x'.repeat(300)]))
    window.raw([event('a\u001B[2J', data)])
    const where = { types: ['page'] }
    const other = configFile({ ...document, destinations: [{ name: 'main', topic: 'main', where }] })
    expect((await runDiff(window, ['--config-b', other])).stdout).toContain('< only here  main  track  raw:0:0  ')
    window.write([withValue(window.made()[0], (message) => ({ ...message, properties: {} }))])
    const { stdout } = await runDiff(window, [])
    expect(stdout.includes('\u001B')).toBe(false)
    expect(stdout.split('\n').filter((line) => /^ {4}[+.]/.test(line))).toEqual([
      ...Array.from({ length: 10 }, (_, index) => `    + properties.k${index}: "${'x'.repeat(199)}... (102 more)`),
      '    ... and 2 lines more',
    ])
  })
})

describe('replay --diff is refused', () => {
  test.each([
    [
      'with two comparisons',
      ['--config-b', 'b.yaml', '--against', 'main'],
      'error TB_USAGE: --config-b and --against are two comparisons: leave one out',
    ],
    [
      'for the stage that translates nothing',
      ['--stage', 'forward'],
      'error TB_USAGE: --diff compares translations: it has no --stage forward',
    ],
    [
      'for a destination that does not exist',
      ['--destination', 'crm'],
      'error TB_USAGE: no destination is called "crm"; there are: main',
    ],
    [
      'for a topic that does not exist',
      ['--against', 'gone'],
      'error TB_TOPIC_MISSING: these topics do not exist: gone',
    ],
    ['for a file that does not exist', ['--config-b', '/none.yaml'], 'error TB_CONFIG_UNREADABLE: /none.yaml'],
  ])('%s', async (_case, argv, message) => {
    const window = await planted()
    const { exitCode, stdout, stderr } = await runDiff(window, argv)
    expect([exitCode, stdout, stderr.slice(0, message.length), window.broker.open()]).toEqual([2, '', message, 1])
  })

  test('with one topic for several destinations', async () => {
    const window = await planted()
    const destinations = ['main', 'crm'].map((name) => ({ name, topic: name }))
    const { stderr } = await runDiff(window, ['--against', 'main'], {
      config: configFile({ ...document, destinations }),
    })
    expect(stderr).toBe('error TB_USAGE: --against compares one topic: name one --destination of main, crm\n')
  })
})
