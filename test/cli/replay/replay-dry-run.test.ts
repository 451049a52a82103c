import { expect, test } from 'vitest'
import { clockText, createScanProgress, scanText } from '../../../src/cli/scan-progress.ts'
import { createWindow, event, identify } from '../../replay/diff-window.ts'
import { ownSchema } from '../../../src/schemas/own-schemas.ts'
import { avroCall } from '../../support/avro-calls.ts'
import { startRegistryStub } from '../../support/registry-stub.ts'
import { configFile, runCommand } from '../run/run-command.ts'

const document = {
  kafka: { brokers: 'a:9092' },
  raw: { topic: 'raw' },
  destinations: [
    {
      name: 'main',
      topic: 'main',
      sink: {
        apiKey: 'key',
        limits: { maxBatchMessages: 1, requestsPerSecond: 2, maxCallBytes: 1000, maxSingleBytes: 1000 },
      },
    },
    { name: 'crm', topic: 'crm', where: { types: ['identify'] } },
  ],
  deadLetters: { topic: 'dlq' },
  unsupported: { topic: 'unsupported' },
}

const broken = { method: 'POST', path: '/api/v1/customers/42/events', body: {} }
const form = { method: 'POST', path: '/api/v1/forms/9/submit', body: {} }

async function setUp() {
  const window = await createWindow()
  window.raw([event('a'), event('b', { text: 'x'.repeat(1_000) }), identify('c'), broken, form, null])
  const createBroker = async () => window.broker
  const run = (...argv: readonly string[]) =>
    runCommand(['replay', '--dry-run', ...argv, '--config', configFile(document)], { createBroker })
  return { window, run }
}

test('a dry run prints counts by outcome, type and reason, what forwarding takes, and samples; and writes nothing', async () => {
  const { window, run } = await setUp()
  const { exitCode, stdout, stderr } = await run('--samples', '1')
  const [first, , third] = window.made()
  expect(stdout.replaceAll(/[\d,]+ bytes, the largest [\d,]+/g, 'N bytes').split('\n')).toEqual([
    'Window  1 partition, 6 offsets; nothing is written',
    '',
    'Records  6',
    '  translated              3',
    '  unsupported             1',
    '  dead letters            1',
    '  skipped                 1  records without a value',
    '',
    'Messages',
    '  main -> main: 3 messages, N bytes',
    '    track 2, identify 1',
    '    forwarding takes 3 requests or more, 2 seconds at 2 requests/s',
    '    ! some are larger than limits.maxSingleBytes (1,000): dead letters of the sink',
    '  crm -> crm: 1 message, N bytes',
    '    identify 1',
    '',
    'Reasons',
    '             1  dead-letter  invalid',
    '             1  unsupported  form submission',
    '',
    'Samples  they hold personal data; --no-samples leaves them out',
    `  main track  raw:0:0  ${String(first?.headers['tb-mid'])}`,
    `    ${String(first?.value)}`,
    `  main identify  raw:0:2  ${String(third?.headers['tb-mid'])}`,
    `    ${String(third?.value)}`,
    `  crm identify  raw:0:2  ${String(third?.headers['tb-mid'])}`,
    `    ${String(third?.value)}`,
    '  dead-letter invalid  raw:0:3',
    '    body.name must be a string that is not blank, found nothing',
    '  unsupported form submission  raw:0:4',
    '    Pipelines has no counterpart: form submission',
    '',
  ])
  expect([exitCode, stderr, window.broker.stored('main'), window.broker.open()]).toEqual([0, '', [], 1])
})

test('a dry run prints the same as JSON, and no payload with --no-samples', async () => {
  const { window, run } = await setUp()
  const { stdout } = await run('--json', '--no-samples', '--destination', 'crm')
  const size = (window.made()[2]?.value ?? '').length
  expect(JSON.parse(stdout)).toEqual({
    stage: 'translate',
    window: { partitions: 1, offsets: 6, cut: null },
    records: 6,
    outcomes: { translated: 3, unsupported: 1, 'dead-letter': 1, skipped: 1 },
    unrouted: 2,
    filtered: 0,
    faults: [
      { slot: 'dead-letter', reason: 'invalid', records: 1 },
      { slot: 'unsupported', reason: 'form submission', records: 1 },
    ],
    destinations: [
      {
        name: 'crm',
        messages: 1,
        bytes: size,
        largestBytes: size,
        types: { identify: 1 },
        topic: 'crm',
        forward: null,
      },
    ],
    samples: [],
  })
})

test('a dry run of forwarding reads the topic of the destination', async () => {
  const { window, run } = await setUp()
  window.write(window.made())
  const { stdout, exitCode } = await run(
    '--stage',
    'forward',
    '--destination',
    'main',
    '--filter',
    'type=track',
    '--json',
  )
  const { destinations, filtered, records } = JSON.parse(stdout) as Record<string, unknown>
  expect([exitCode, records, filtered, destinations]).toEqual([
    0,
    3,
    1,
    [
      {
        name: 'main',
        messages: 2,
        bytes: expect.any(Number),
        largestBytes: expect.any(Number),
        types: { track: 2 },
        topic: 'main',
        forward: { requests: 2, seconds: 2, requestsPerSecond: 1, maxSingleBytes: 1_000 },
      },
    ],
  ])
})

test('a dry run reads raw calls in Avro through the registry', async () => {
  const registry = await startRegistryStub()
  const id = registry.put('raw-value', ownSchema('TrackCall'))
  const { window } = await setUp()
  window.broker.append([{ topic: 'raw', value: avroCall(id, JSON.stringify(event('a')))! }])
  window.broker.append([{ topic: 'raw', value: avroCall(99, JSON.stringify(event('a')))! }])
  const config = configFile({ ...document, schemaRegistry: { url: registry.url } })
  const argv = ['replay', '--dry-run', '--from', 'raw:0:6', '--json', '--config', config]
  const { stdout } = await runCommand(argv, { createBroker: async () => window.broker })
  const { outcomes, faults } = JSON.parse(stdout) as Record<string, unknown>
  expect([outcomes, faults]).toEqual([
    { translated: 1, unsupported: 0, 'dead-letter': 1, skipped: 0 },
    [{ slot: 'dead-letter', reason: 'unreadable', records: 1 }],
  ])
})

const watermarks = async () => new Map([[0, { earliest: 2, lastStable: 6 }]])

test('a dry run says what retention has taken of the window', async () => {
  const { window } = await setUp()
  const admin = await window.broker.admin()
  const broker = { ...window.broker, admin: async () => ({ ...admin, watermarks }) }
  const argv = ['replay', '--dry-run', '--no-samples', '--config', configFile(document)]
  const { stdout } = await runCommand(argv, { createBroker: async () => broker })
  expect(stdout.split('\n').slice(0, 2)).toEqual([
    'Window  1 partition, 4 offsets; nothing is written',
    '! retention has taken records that belonged to the window; what is left begins at raw:0:2',
  ])
})

test.each([
  ['a raw topic that does not exist', { raw: { topic: 'gone' } }, 'TB_TOPIC_MISSING: these topics do not exist: gone'],
  ['an end before its beginning', {}, 'TB_USAGE: --to is before --from'],
])('a dry run is refused for %s', async (_case, changes, message) => {
  const { window } = await setUp()
  const argv = [
    'replay',
    '--dry-run',
    '--from',
    '-1d',
    '--to',
    '-2d',
    '--config',
    configFile({ ...document, ...changes }),
  ]
  const { exitCode, stderr } = await runCommand(argv, { createBroker: async () => window.broker })
  expect([exitCode, stderr, window.broker.open()]).toEqual([2, `error ${message}\n`, 1])
})

test.each([
  [
    { done: 1_204_000, total: 2_866_666, elapsedMs: 12_540 },
    ' 42 %   1,204,000 of 2,866,666 offsets   96,013/s   0:18 left',
  ],
  [{ done: 0, total: 10, elapsedMs: 1_000 }, '  0 %   0 of 10 offsets   0/s'],
  [{ done: 0, total: 0, elapsedMs: 0 }, '100 %   0 of 0 offsets   0/s   0:00 left'],
])('progress of %o reads %s', (scan, text) => {
  expect(scanText(scan)).toBe(text)
})

test('longer times have hours', () => {
  expect([65_000, 3_725_000].map(clockText)).toEqual(['1:05', '1:02:05'])
})

function progressOn(errorsAreTerminal: boolean) {
  let nowMs = 0
  const told: string[] = []
  const output = {
    errorsAreTerminal,
    printStatus: (text: string) => void told.push(`status ${text}`),
    writeError: (text: string) => void told.push(text),
  }
  const clock = { now: () => nowMs, sleep: async () => undefined }
  const progress = createScanProgress({ output, clock }, 1_000)
  return { told, progress, at: (ms: number) => (nowMs = ms) }
}

test('progress stays silent for a second, then renews its line in a terminal and clears it at the end', () => {
  const { told, progress, at } = progressOn(true)
  for (const ms of [500, 999, 1_000, 1_100, 1_300]) {
    at(ms)
    progress.add(100)
  }
  progress.extend(1_000)
  progress.end()
  expect(told).toEqual([
    'status  30 %   300 of 1,000 offsets   300/s   0:03 left',
    'status  50 %   500 of 1,000 offsets   385/s   0:02 left',
    'status ',
  ])
})

test('progress is a line every ten seconds where nobody watches', () => {
  const { told, progress, at } = progressOn(false)
  for (const ms of [9_999, 10_000, 15_000]) {
    at(ms)
    progress.add(100)
  }
  progress.end()
  expect(told).toEqual([' 20 %   200 of 1,000 offsets   20/s   0:40 left\n'])
})
