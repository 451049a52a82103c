import { describe, expect, test } from 'vitest'
import { cluster, exported, run } from '../../support/dead-letters-cli.ts'

describe('dead-letters forget', () => {
  test('hides a person everywhere, and says until when Kafka may keep the bytes', async () => {
    const broker = cluster()
    const { stdout } = await run(broker, 'forget', '--user', '7')
    expect(stdout.split('\n').slice(0, 4)).toEqual([
      'dlq: 1 record of this person; hidden from now on: a mark without the id stands on each of its 2 partitions',
      '  the bytes stay on the topic until Kafka deletes them: with retention.ms 3600000 the last one goes by 2026-11-28T11:06:00.000Z; sooner: kafka-delete-records.sh takes all of dlq before an offset',
      'unsupported: 0 records of this person; hidden from now on: a mark without the id stands on each of its 2 partitions',
      '',
    ])
    expect(stdout).toContain('which this does not touch: raw, main.')
    expect((await exported(broker, '--all')).map(({ letter }) => letter)).toEqual(['dlq:0:0', 'dlq:0:1', 'dlq:0:2'])
    expect((await run(broker, 'show', 'dlq:1:0')).stderr).toBe(
      'error TB_USAGE: dlq:1:0 is of a person who has been forgotten\n',
    )
    expect((await run(broker, 'redrive', '--where', 'stage=sink')).stdout).toContain('1 of forgotten persons')
    expect(JSON.stringify(broker.stored('dlq').filter(({ value }) => value === null))).not.toContain('"7"')
  })

  test('--dry-run counts and writes nothing', async () => {
    const broker = cluster()
    const { stdout } = await run(broker, 'forget', '--user', '42', '--dry-run', '--json')
    expect(JSON.parse(stdout)).toMatchObject({
      dryRun: true,
      topics: [
        { topic: 'dlq', letters: 3, shared: 0, marked: 0, retentionMs: '3600000' },
        { topic: 'unsupported', letters: 0, lastWrittenAt: null, keptUntilAtMost: null },
      ],
      otherTopics: ['raw', 'main'],
    })
    expect(broker.stored('dlq').filter(({ value }) => value === null)).toEqual([])
  })

  test('without a person it is refused', async () => {
    expect((await run(cluster(), 'forget')).exitCode).toBe(2)
  })
})
