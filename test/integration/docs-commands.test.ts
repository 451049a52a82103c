import { expect, onTestFinished, test } from 'vitest'
import { blocksOf, commandPages, runBlock } from '../support/doc-blocks.ts'
import { kafkaBrokers, randomName, withAdmin } from '../support/kafka.ts'

const commands = commandPages.flatMap(blocksOf).filter(({ mark }) => mark === 'run with kafka')
const [configuration] = blocksOf('docs/getting-started.md').filter(({ language }) => language === 'yaml')

test.each(commands)('$page: the commands end well on a real Kafka: $text', async (block) => {
  const prefix = `${randomName('docs')}.`
  const text = `${(configuration?.text ?? '').replace('cio.track.raw', `${prefix}raw`)}topics:\n  prefix: ${prefix}\n`
  onTestFinished(() =>
    withAdmin(async (admin) => {
      const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix))
      await admin.deleteTopics({ topics })
    }),
  )
  const { code, stderr } = runBlock(
    block,
    { 'trackbridge.yaml': text },
    { KAFKA_BROKERS: kafkaBrokers().join(','), CIO_API_KEY: 'key' },
  )
  expect([code, stderr.match(/error .*/)]).toStrictEqual([0, null])
  const topics = await withAdmin((admin) => admin.listTopics())
  expect(topics.filter((topic) => topic.startsWith(prefix)).toSorted()).toStrictEqual(
    ['cio.dead-letters', 'cio.pipelines.customerio', 'cio.unsupported', 'raw'].map((name) => prefix + name),
  )
})
