import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config/load.ts'
import { demoConfigText, demoTopics } from '../../src/demo/demo-config.ts'

const parse = (kafka: 'ours' | 'shared') => {
  const topics = demoTopics('demo-1', kafka)
  const addresses = {
    brokers: ['127.0.0.1:1'],
    apiUrl: 'http://127.0.0.1:2/v1',
    healthPort: 3,
    prefix: 'demo-1',
    topics,
  }
  return parseConfig(demoConfigText(addresses), { path: 'demo', env: {} })
}

describe('the configuration of the demo', () => {
  test('is one that trackbridge takes, with the default topics on a Kafka of our own', () => {
    const { raw, destinations, deadLetters, unsupported, delivery, http } = parse('ours')
    expect([...raw.topics, deadLetters.topic, unsupported.topic]).toEqual([
      'cio.track.raw',
      'cio.dead-letters',
      'cio.unsupported',
    ])
    expect(destinations.map(({ name, topic, sink }) => [name, topic, sink?.url])).toEqual([
      ['customerio', 'cio.pipelines.customerio', 'http://127.0.0.1:2/v1'],
      ['warehouse', 'cio.pipelines.warehouse', undefined],
    ])
    expect([delivery, http]).toEqual(['exactly-once', { host: '127.0.0.1', port: 3 }])
  })

  test('touches only topics and groups of its own on a Kafka of others', () => {
    const { kafka, raw, destinations, deadLetters, unsupported } = parse('shared')
    expect(kafka.prefix).toBe('demo-1')
    const written = [...destinations, deadLetters, unsupported]
    expect([...raw.topics, ...written.map(({ topic }) => topic)]).toEqual([
      'demo-1.raw',
      'demo-1.customerio',
      'demo-1.warehouse',
      'demo-1.dead-letters',
      'demo-1.unsupported',
    ])
  })
})
