import { expect, test } from 'vitest'
import { shownConfig } from '../../../src/cli/status/shown-config.ts'
import { parseConfig } from '../../../src/config/load.ts'

test('a shown configuration has every setting, and no secret in it', () => {
  const secret = 's3cret'
  const document = {
    kafka: { brokers: ['a:9092'], ssl: true, sasl: { mechanism: 'plain', username: 'me', password: secret } },
    destinations: [
      {
        name: 'one',
        sink: {
          format: 'ndjson',
          url: 'https://example.org/in',
          auth: { type: 'bearer', token: secret },
          headers: { 'x-key': secret },
          proxy: `http://me:${secret}@proxy.example.org:3128`,
        },
      },
      { name: 'two', sink: { apiKey: secret } },
      {
        name: 'three',
        sink: { auth: { type: 'basic', username: 'me', password: secret }, url: 'https://b.example.org' },
      },
    ],
  }
  const config = parseConfig(JSON.stringify(document), { env: {}, path: 'trackbridge.yaml' })
  const shown = shownConfig(config)
  expect(JSON.stringify(shown)).not.toContain(secret)
  const { kafka, mapping } = shown as typeof config
  expect([kafka.sasl, mapping]).toEqual([{ ...config.kafka.sasl, password: '***' }, config.mapping])
})
