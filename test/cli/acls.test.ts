import { expect, test } from 'vitest'
import { accessText } from '../../src/kafka/access.ts'
import { namingRights } from '../../src/cli/acls.ts'
import { requiredAcls } from '../../src/cli/required-acls.ts'
import { parseConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/schema.ts'
import { TrackbridgeError } from '../../src/errors.ts'
import { onTopic } from '../../src/kafka/access.ts'
import { withNeeds } from '../../src/kafka/denial.ts'
import { configFile, runCommand } from './run/run-command.ts'

const sasl = { mechanism: 'plain', username: 'alice', password: 'p' }
const document = {
  kafka: { brokers: 'kafka:9092', sasl },
  destinations: [{ name: 'main', sink: { region: 'us', apiKey: 'key' } }, { name: 'other' }],
}

const configOf = (changes: object): Config =>
  parseConfig(JSON.stringify({ ...document, ...changes }), { path: '/trackbridge.yaml', env: {} })

const textsOf = (changes: object, command: string): readonly string[] | undefined =>
  requiredAcls(configOf(changes))
    .find((one) => one.command === command)
    ?.access.map(accessText)

test('the stream processor reads the raw topic and its group, and writes every output and its transactional ids', () => {
  expect(textsOf({}, 'process')).toEqual([
    'Read on the topic "cio.track.raw"',
    'Read on the group "trackbridge.process"',
    'Write on the transactional ids that begin with "trackbridge.process."',
    'Write on the topic "cio.pipelines.main"',
    'Write on the topic "cio.pipelines.other"',
    'Write on the topic "cio.dead-letters"',
    'Write on the topic "cio.unsupported"',
  ])
})

test('at least once takes no transactional ids', () => {
  expect(textsOf({ delivery: 'at-least-once' }, 'process')?.filter((text) => text.includes('ids'))).toEqual([])
})

test('a sink needs its own topic and group, and the dead letters', () => {
  expect([textsOf({}, 'sink --destination main'), textsOf({}, 'sink --destination other')]).toEqual([
    [
      'Read on the topic "cio.pipelines.main"',
      'Read on the group "trackbridge.sink.main"',
      'Write on the topic "cio.dead-letters"',
    ],
    undefined,
  ])
})

test.each([
  [String.raw`^track\..*$`, 'Read on the topics that begin with "track."'],
  [String.raw`track\.v[12]`, 'Read on the topics that begin with "track.v"'],
  ['tracks?', 'Read on the topics that begin with "track"'],
  ['.*track', 'Read on the topic "*"'],
  ['a|b', 'Read on the topic "*"'],
])('raw topics of the pattern %s take: %s', (pattern, text) => {
  expect(textsOf({ raw: { pattern } }, 'process')?.[0]).toBe(text)
})

test('a replay has groups and transactional ids of its own, and may see how far the live groups are that it may delay', () => {
  expect(textsOf({}, 'replay --stage translate')).toEqual([
    'Read on the topic "cio.track.raw"',
    'Read on the groups that begin with "trackbridge.replay."',
    'Write on the transactional ids that begin with "trackbridge.replay."',
    'Write on the topic "cio.pipelines.main"',
    'Write on the topic "cio.pipelines.other"',
    'Write on the topic "cio.dead-letters"',
    'Write on the topic "cio.unsupported"',
    'Describe on the group "trackbridge.process"',
    'Describe on the group "trackbridge.sink.main"',
  ])
  expect(textsOf({}, 'replay --stage forward --destination main')).toEqual([
    'Read on the topic "cio.pipelines.main"',
    'Read on the groups that begin with "trackbridge.replay."',
    'Write on the topic "cio.dead-letters"',
    'Describe on the group "trackbridge.sink.main"',
  ])
})

test('with a lane, replays write there, and the sink reads it in a group of its own', () => {
  const lane = { destinations: [{ name: 'main', backfill: {}, sink: { region: 'us', apiKey: 'key' } }] }
  expect(textsOf(lane, 'replay --stage translate')?.filter((text) => /pipelines|sink/.test(text))).toEqual([
    'Write on the topic "cio.pipelines.main.backfill"',
  ])
  expect(textsOf(lane, 'sink --destination main')).toEqual([
    'Read on the topic "cio.pipelines.main"',
    'Read on the group "trackbridge.sink.main"',
    'Read on the topic "cio.pipelines.main.backfill"',
    'Read on the group "trackbridge.sink.main.backfill"',
    'Write on the topic "cio.dead-letters"',
  ])
})

const options = '--bootstrap-server kafka:9092 --command-config admin.properties --add --allow-principal'

test('check --acls prints the lines of every command for whom the credentials stand, and connects to nothing', async () => {
  const { exitCode, stdout } = await runCommand(['check', '--acls', '--config', configFile(document)], {})
  const blocks = stdout.trim().split('\n\n')
  expect([exitCode, blocks.map((block) => block.split('\n')[0]), blocks[2]]).toEqual([
    0,
    [
      '# The ACLs that each command of trackbridge needs, for User:alice. Read and Write allow Describe as well.',
      '# process',
      '# sink --destination main',
      '# replay --stage translate',
      '# replay --stage forward --destination main',
      '# replay --dry-run',
      '# replay --diff',
      '# dead-letters list, show, export',
      '# dead-letters redrive',
      '# dead-letters forget',
      '# audit',
      '# topics plan',
      '# topics apply',
      '# topics apply --alter',
      '# check, beside the rights of what it checks',
    ],
    [
      '# sink --destination main',
      `kafka-acls.sh ${options} User:alice --operation Read --topic cio.pipelines.main`,
      `kafka-acls.sh ${options} User:alice --operation Read --group trackbridge.sink.main`,
      `kafka-acls.sh ${options} User:alice --operation Write --topic cio.dead-letters`,
    ].join('\n'),
  ])
})

test('check --acls --json gives the rows as data, for another principal where one is named', async () => {
  const argv = ['check', '--acls', '--json', '--principal', 'User:bob', '--config', configFile(document)]
  const { stdout } = await runCommand(argv, {})
  const { principal, commands } = JSON.parse(stdout) as { principal: string; commands: { acls: object[] }[] }
  expect([principal, commands[0]?.acls[1]]).toEqual([
    'User:bob',
    {
      resource: 'Group',
      name: 'trackbridge.process',
      pattern: 'literal',
      operation: 'Read',
      text: 'Read on the group "trackbridge.process"',
      grant: `kafka-acls.sh ${options} User:bob --operation Read --group trackbridge.process`,
    },
  ])
})

const identity = { principal: () => 'User:alice', tool: '--bootstrap-server kafka:9092' }
const deniedTo = (topic: string): TrackbridgeError =>
  new TrackbridgeError('TB_KAFKA_UNAUTHORIZED', 'denied', {
    context: { kafkaError: 'TOPIC_AUTHORIZATION_FAILED' },
    cause: withNeeds(new Error('denied'), { identity, access: [onTopic('Describe', topic)] }),
  })

test('a topic that may not be described is told by the right that the command itself needs there', () => {
  const told = namingRights(deniedTo('cio.dead-letters'), configOf({}), 'sink')
  expect(String(told)).toBe(
    'TrackbridgeError: cannot run sink: Write on the topic "cio.dead-letters" is denied to User:alice (as configured); ' +
      'grant it with: kafka-acls.sh --bootstrap-server kafka:9092 --add --allow-principal User:alice --operation Write ' +
      '--topic cio.dead-letters',
  )
})

test('whatever else goes wrong is handed on as it is', () => {
  const errors = [new Error('other'), deniedTo('strange'), new TrackbridgeError('TB_KAFKA_UNAUTHORIZED', 'no cause')]
  expect(errors.map((error) => namingRights(error, configOf({}), 'process'))).toEqual(errors)
})

test('of the rights to a topic the one is named that allows what was asked, and of its own command alone', () => {
  const texts = ['topics apply', 'topics apply --alter'].map(
    (command) => String(namingRights(deniedTo('cio.dead-letters'), configOf({}), command)).split(' is denied')[0],
  )
  expect(texts).toEqual([
    'TrackbridgeError: cannot run topics apply: Describe on the topic "cio.dead-letters"',
    'TrackbridgeError: cannot run topics apply --alter: Alter on the topic "cio.dead-letters"',
  ])
})
