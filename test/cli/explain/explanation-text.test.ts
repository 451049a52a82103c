import { describe, expect, test } from 'vitest'
import { explainSettings } from '../../../src/cli/explain/explain-settings.ts'
import { explain } from '../../../src/cli/explain/explanation.ts'
import { explanationText } from '../../../src/cli/explain/explanation-text.ts'
import { parseConfig } from '../../../src/config/load.ts'
import { origin } from '../../translate/fixture-rows.ts'

const plain = (_style: string, text: string) => text
const tagged = (style: string, text: string) => `<${style}>${text}</>`

const configured = explainSettings(
  parseConfig(
    JSON.stringify({
      kafka: { brokers: 'a:1' },
      destinations: [
        { name: 'main', sink: { apiKey: 'k', limits: { maxCallBytes: 1_000, maxSingleBytes: 2_000 } } },
        { name: 'web', where: { types: ['group'] }, integrations: { All: false } },
      ],
    }),
    { path: '/trackbridge.yaml', env: {} },
  ),
)

const textOf = (record: unknown, settings = configured, paint: typeof plain = plain) =>
  explanationText(explain({ ok: true, value: record }, origin, settings), paint)

/** The section under this title, its lines without their margin. */
const section = (text: string, title: string) =>
  text
    .split('\n\n')
    .find((part) => part.startsWith(`${title}\n`))
    ?.split('\n')
    .slice(1)
    .map((line) => line.slice(2))

const related = {
  method: 'PUT',
  path: '/api/v1/customers/7',
  id: 'r1',
  source: 'web',
  received_at: '2026-01-01T00:00:00Z',
  body: { cio_relationships: [{ identifiers: { object_id: 'a' } }, { identifiers: { object_id: 'b' } }] },
}

const event = (name: string) => ({ method: 'POST', path: '/v1/customers/7/events', body: { name } })

describe('explanationText', () => {
  test('tells all of a call, section by section', () => {
    const text = textOf(related)
    const titles = text.split('\n').filter((line) => /^\S/.test(line))
    expect(titles).toEqual(['Call', 'Operation', 'Split', 'Rows of the mapping table', 'Messages', 'Routing', 'Sizes'])
    expect(section(text, 'Call')).toEqual([
      'PUT /api/v1/customers/7',
      'source web, id r1',
      'received at 2026-01-01T00:00:00.000Z',
      "body of 91 bytes, within Track's limit of a call, 32,000",
    ])
    expect(section(text, 'Operation')).toEqual(['✓ person identify: translated into 3 messages'])
    expect(section(text, 'Split')).toEqual([
      'person identify -> person identify + 2 x relationship add (messages 1 to 3)',
    ])
    expect(section(text, 'Rows of the mapping table')).toEqual([
      '1  person identify -> identify   (A: Identify)',
      '2  relationship add -> group   (A: Group calls; B: Managing objects)',
      '3  relationship add -> group   (A: Group calls; B: Managing objects)',
    ])
    const taken = '   ✓ web: topic cio.pipelines.web, with integrations {"All":false}'
    expect(section(text, 'Routing')).toEqual([
      '1  key "7"',
      '   ✓ main: topic cio.pipelines.main',
      '   - web: left out, where.types does not list identify',
      ...['2', '3'].flatMap((number) => [`${number}  key "7"`, '   ✓ main: topic cio.pipelines.main', taken]),
    ])
    expect(section(text, 'Sizes')).toEqual([
      '1  main: 285 bytes, goes in a batch (limit 1,000)',
      '2  main: 353 bytes, goes in a batch (limit 1,000)',
      '2  web: 354 bytes, no limit, for the destination has no sink',
      '3  main: 353 bytes, goes in a batch (limit 1,000)',
      '3  web: 354 bytes, no limit, for the destination has no sink',
    ])
  })

  test('shows each message as JSON over several lines, that can be read again', () => {
    const explanation = explain({ ok: true, value: related }, origin, configured)
    const shown = section(explanationText(explanation, plain), 'Messages')
      ?.map((line) => line.slice(3))
      .join('\n')
    const messages = shown?.split(/(?<=^\})\n/m).map((text) => JSON.parse(text) as unknown)
    expect(messages).toEqual(explanation.messages.map(({ message }) => JSON.parse(JSON.stringify(message)) as unknown))
  })

  test('tells what to mend, and where the call goes', () => {
    const text = textOf({ ...event('x'), body: { name: 'x', timestamp: 'soon' } })
    expect(text).toBe(
      [
        'Call',
        '  POST /v1/customers/7/events',
        '  no source',
        '  received at 2023-08-24T14:15:22.000Z (the call has no received_at)',
        "  body of 31 bytes, within Track's limit of a call, 32,000",
        '',
        'Operation',
        '  ✗ person event: invalid, body.timestamp must be Unix seconds or an ISO 8601 time between 1970 and 9999, found "soon"',
        '',
        'What to mend',
        '  body.timestamp must be Unix seconds or an ISO 8601 time between 1970 and 9999',
        '    found: "soon"',
        '    hint:  write Unix seconds (1692886462) or ISO 8601 ("2023-08-24T14:14:22Z"), or leave it out',
        '',
        'Routing',
        '  -> the call itself goes to the dead letters, topic cio.dead-letters, reason "invalid"',
      ].join('\n'),
    )
  })

  test('tells which kind is unsupported, and where it goes', () => {
    const text = textOf({ method: 'POST', path: '/v1/forms/1/submit' })
    expect(section(text, 'Operation')).toEqual(['- unsupported, Pipelines has no counterpart: form submission'])
    expect(section(text, 'Routing')).toEqual([
      '-> the call itself goes to the unsupported calls, topic cio.unsupported, reason "form submission"',
    ])
  })

  test('numbers the operations of a batch', () => {
    const people = [{ identifiers: { phone: '1' } }, { identifiers: { id: '1' } }]
    const group = {
      type: 'group',
      action: 'add_relationship',
      identifiers: { object_id: 'a' },
      cio_relationships: people,
    }
    const deletion = { type: 'person', action: 'delete', identifiers: { id: 'x'.repeat(32_000) } }
    const text = textOf({ batch: [group, {}, deletion] }, explainSettings(undefined))
    expect(section(text, 'Call')?.slice(0, 1)).toEqual(['a bare v2 batch'])
    expect(section(text, 'Operations')).toEqual([
      '1  ✓ object add_relationships: translated into 1 message; unsupported: person identified by phone alone',
      '2  ✗ invalid, batch[1].type must be a string, found nothing',
      "3  ✓ person delete: translated into 1 message; 32,059 bytes, above Track's limit of a call, 32,000: Customer.io may refuse it, trackbridge does not",
    ])
    expect(section(text, 'Split')).toEqual([
      '1  object add_relationships -> relationship add (message 1)',
      '3  person delete -> not split (message 2)',
    ])
    expect(section(text, 'Rows of the mapping table')).toEqual([
      '1  relationship add -> group   (A: Group calls; B: Managing objects)',
      '2  person delete -> track "User Deleted"   (P: delete_person)',
    ])
    expect(section(text, 'Routing')?.slice(0, 1)).toEqual(['not known: name the destinations with --config FILE'])
    expect(section(text, 'Sizes')?.slice(1)).toEqual([
      '2  64,307 bytes, is too large to be sent and becomes a dead letter (limit 64,000)',
    ])
  })

  test('says when no destination takes a message, and when one goes alone', () => {
    const settings = { ...configured, destinations: configured.destinations?.slice(1) }
    expect(section(textOf(event('x'), settings), 'Routing')).toEqual([
      '1  key "7"',
      '   - web: left out, where.types does not list track',
      '   no destination takes it',
    ])
    expect(section(textOf(event('x'.repeat(1_000))), 'Sizes')).toEqual([
      '1  main: 1,297 bytes, goes alone to /track (more than 1,000, limit 2,000)',
    ])
  })

  test('lets no call write to the terminal', () => {
    const nasty = '\u001B[31m\u009B1m\u202Edrow\r\b\n'
    const texts = [
      textOf({ ...event(nasty), path: `/v1/customers/${nasty}/events`, source: nasty, id: nasty }),
      textOf({ ...event('x'), body: { name: [nasty] }, method: nasty }),
      textOf({ ...event('x'), body: { name: [nasty] } }),
      textOf({ type: nasty, action: nasty }),
    ]
    for (const text of texts) expect(text).not.toMatch(/[^\P{Cc}\n]|\u202E/u)
    expect(texts[0]).toContain(String.raw`source \u001b[31m\u009b1m\u202edrow\u000d\u0008`)
  })

  test('paints titles, marks and keys', () => {
    const text = textOf(event('x'), configured, tagged)
    expect(text.split('\n').filter((line) => line.startsWith('<'))).toEqual(
      ['Call', 'Operation', 'Split', 'Rows of the mapping table', 'Messages', 'Routing', 'Sizes'].map(
        (title) => `<bold>${title}</>`,
      ),
    )
    expect(text).toContain('<green>✓</> person event: translated')
    expect(text).toContain('       <cyan>"type"</>: "track",\n')
    expect(text).toContain('   <gray>-</> web: left out')
    expect(textOf({ method: 'GET', path: '/auth' }, configured, tagged)).toContain('<yellow>-</> unsupported')
    expect(textOf({}, configured, tagged)).toContain('<red>✗</> invalid')
  })
})
