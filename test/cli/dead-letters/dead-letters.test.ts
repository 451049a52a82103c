import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { cluster, exported, run } from '../../support/dead-letters-cli.ts'
import { identify } from '../../support/letters-in-memory.ts'

function fileOf(lines: readonly unknown[]): string {
  const path = join(tmpdir(), `letters-${process.pid}-${Math.random()}.ndjson`)
  writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  onTestFinished(() => rmSync(path))
  return path
}

const at = '2026-11-21 10:00:00'

describe('dead-letters list', () => {
  test('groups by reason, stage, destination and status, and counts what is left out', async () => {
    const broker = cluster()
    const { exitCode, stdout, stderr } = await run(broker, 'list')
    expect(stdout.split('\n')).toEqual([
      'count  reason      stage    destination  status  first                last                 example',
      `    2  unreadable  process  -            -       ${at}  ${at}  dlq:0:2`,
      `    1  invalid     process  -            -       ${at}  ${at}  dlq:0:1`,
      `    1  rejected    sink     main         400     ${at}  ${at}  dlq:1:0`,
      '',
      '4 dead letters on dlq; left out: 1 record that trackbridge cannot read as a letter',
      '',
    ])
    expect([exitCode, stderr]).toEqual([0, ''])
  })

  test('leaves out what has been redriven, unless it is asked for', async () => {
    const broker = cluster()
    await run(broker, 'redrive', '--where', 'reason=unreadable')
    const json = async (...argv: readonly string[]) =>
      JSON.parse((await run(broker, 'list', '--json', ...argv)).stdout) as { letters: number; leftOut: unknown }
    expect(await json()).toMatchObject({ letters: 2, leftOut: { redriven: 2, forgotten: 0, strangers: 1 } })
    expect(await json('--all')).toMatchObject({ letters: 4, leftOut: { redriven: 0 } })
    expect(await json('--where', 'redriven=yes')).toMatchObject({ letters: 2, leftOut: { redriven: 0 } })
  })

  test.each([
    ['person=42', 3],
    ['person=7', 1],
    ['person!=42', 1],
    ['status=4*', 1],
    ['status!=400', 3],
    ['destination=main', 1],
    ['topic=raw', 3],
    ['partition=1', 1],
    ['field=ident*', 1],
    ['attempt=1', 4],
    ['stage=sink,process', 4],
  ])('--where %s holds of %i letters', async (where, letters) => {
    const { stdout } = await run(cluster(), 'list', '--json', '--where', where)
    expect(JSON.parse(stdout)).toMatchObject({ letters })
  })

  test.each([
    ['2026-11-21T09:59:00Z', 4],
    ['2026-11-21T10:00:01Z', 0],
  ])('--since %s finds %i letters', async (since, letters) => {
    const { stdout } = await run(cluster(), 'list', '--json', '--since', since)
    expect(JSON.parse(stdout)).toMatchObject({ letters })
  })

  test('a key that there is not is told, with those that there are', async () => {
    const { exitCode, stderr } = await run(cluster(), 'list', '--where', 'colour=red')
    expect([exitCode, stderr]).toEqual([
      2,
      'error TB_USAGE: --where "colour=red" is no condition; write KEY=VALUE or KEY!=VALUE, where KEY is one of reason, stage, destination, status, field, topic, partition, person, source, attempt, redriven\n',
    ])
  })
})

describe('dead-letters show', () => {
  test('says where it came from, why in plain words, the original, and what this version would make of it', async () => {
    const { exitCode, stdout } = await run(cluster(), 'show', 'dlq:0:1')
    const text = stdout.replaceAll(/ +$/gm, '')
    expect(exitCode).toBe(0)
    expect(text).toContain('Dead letter dlq:0:1\n  written 2026-11-21T10:00:00.000Z, attempt 1\n  not redriven\n')
    expect(text).toContain('Where it came from\n  a raw record, raw:0:2\n  of 2026-11-21T10:00:00.000Z, key "42"\n')
    expect(text).toContain('  invalid (process): the record is no well-formed call of the Track API\n')
    expect(text).toContain('  field:    identifiers\n  message:  identifiers \\u001b[31m\n')
    expect(text).toContain('Original\n  value of 82 bytes, JSON:\n  {\n    "type": "person",\n')
    expect(text).toContain('What this version would make of it\n\nCall\n')
    expect(text).toContain('✗ person identify: invalid')
  })

  test('of a message it says what the API answered and where it would go', async () => {
    const { stdout } = await run(cluster(), 'show', 'dlq:1:0')
    expect(stdout).toContain('  a message for destination main, main:1:9\n')
    expect(stdout).toContain('  answer:   400 {"error":"no"}\n')
    expect(stdout).toContain('  redrive writes it to main again, for its sink to send\n')
  })

  test('prints the same as JSON', async () => {
    const { stdout } = await run(cluster(), 'show', 'dlq:0:1', '--json')
    expect(JSON.parse(stdout)).toMatchObject({
      letter: 'dlq:0:1',
      state: 'open',
      reason: 'invalid',
      why: { happened: 'the record is no well-formed call of the Track API' },
      present: { stage: 'process', outcome: 'invalid' },
    })
  })

  test.each([
    ['dlq:0:3', 'dlq:0:3 is no dead letter, or is not kept any more'],
    ['dlq:0:99', 'dlq:0:99 is no dead letter, or is not kept any more'],
    [
      'raw:0:1',
      '"raw:0:1" is no place of a dead letter; write TOPIC:PARTITION:OFFSET, where TOPIC is dlq or unsupported',
    ],
    ['7', '"7" is no place of a dead letter; write TOPIC:PARTITION:OFFSET, where TOPIC is dlq or unsupported'],
  ])('%s: %s', async (place, message) => {
    const { exitCode, stderr } = await run(cluster(), 'show', place)
    expect([exitCode, stderr]).toEqual([2, `error TB_USAGE: ${message}\n`])
  })
})

describe('dead-letters redrive', () => {
  test('--dry-run says what it would do and writes nothing', async () => {
    const broker = cluster()
    const before = broker.stored('dlq').length
    const { exitCode, stdout } = await run(broker, 'redrive', '--dry-run')
    expect(stdout.split('\n')).toEqual([
      '4 letters would be run again',
      '  3 to main',
      '  1 to dlq',
      '  1 of them would fail again, as new letters with one attempt more',
      'left out: 1 record that trackbridge cannot read as a letter',
      'nothing is written: --dry-run',
      '',
    ])
    expect([exitCode, broker.stored('dlq').length, broker.stored('main').length]).toEqual([0, before, 0])
  })

  test('says first what it will do and then what it has done', async () => {
    const broker = cluster()
    const { stdout } = await run(broker, 'redrive', '--where', 'stage=process', '--limit', '1')
    expect(stdout.split('\n')).toEqual([
      '1 letter would be run again',
      '  1 to main',
      '',
      '1 letter run again',
      '  1 to main',
      '',
    ])
    expect(broker.stored('main')).toHaveLength(1)
  })

  test('what was exported and mended by hand comes back as it was mended', async () => {
    const broker = cluster()
    const [line] = await exported(broker, '--where', 'reason=invalid')
    const value = { ...identify, identifiers: { id: 'mended' }, attributes: { big: 1 } }
    const { exitCode } = await run(broker, 'redrive', '--from-file', fileOf([{ ...line, value }]))
    const [message] = broker.stored('main')
    expect([exitCode, JSON.parse(String(message?.value))]).toMatchObject([0, { userId: 'mended', traits: { big: 1 } }])
    expect((await exported(broker)).map(({ letter }) => letter)).toEqual(['dlq:0:0', 'dlq:0:2', 'dlq:1:0'])
  })

  test('lines at fault are told with their numbers, and then nothing is run', async () => {
    const broker = cluster()
    const lines = await exported(broker)
    const [first, second] = lines
    const file = fileOf([
      first,
      { ...second, source: { topic: 'raw', partition: 0, offset: 77 } },
      { ...second, letter: 'other:0:1' },
      first,
      { ...second, letter: 'dlq:1:55' },
      { ...second, letter: 'dlq:0:2', value: 7 },
      'text',
    ])
    const { exitCode, stderr } = await run(broker, 'redrive', '--from-file', file)
    expect([exitCode, stderr.split('\n').slice(1)]).toEqual([
      2,
      [
        '  line 3: other:0:1 is not on dlq',
        '  line 4: is the letter of line 1 again',
        '  line 6: value must be text, JSON or null, with valueEncoding utf8 or base64',
        '  line 7: is no JSON object',
        '',
      ],
    ])
    const again = await run(
      broker,
      'redrive',
      '--from-file',
      fileOf([first, { ...second, letter: 'dlq:1:55' }, { ...second, source: {} }]),
    )
    expect([again.exitCode, again.stderr.split('\n').slice(1)]).toEqual([
      2,
      [
        '  line 2: there is no dead letter at dlq:1:55',
        '  line 3: is not the letter at dlq:0:1, whose original stood at raw:0:2',
        '',
      ],
    ])
    expect(broker.stored('main')).toEqual([])
  })

  test('what Kafka would delete at once is not written, unless it is forced', async () => {
    const broker = cluster()
    const admin = await broker.admin()
    await admin.alterTopic('main', { settings: { 'message.timestamp.type': 'CreateTime', 'retention.ms': '1' } })
    await admin.close()
    const { exitCode, stderr } = await run(broker, 'redrive')
    expect([exitCode, broker.stored('main').length]).toEqual([2, 0])
    expect(stderr).toContain(
      'on topics with message.timestamp.type=CreateTime: main (retention.ms 1); set LogAppendTime',
    )
    expect((await run(broker, 'redrive', '--force')).exitCode).toBe(0)
    expect(broker.stored('main')).toHaveLength(3)
  })

  test('a limit that is none is refused', async () => {
    const { exitCode, stderr } = await run(cluster(), 'redrive', '--limit', '0')
    expect([exitCode, stderr.includes('It must be a whole number from 1.')]).toEqual([2, true])
  })
})
