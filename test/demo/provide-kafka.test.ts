import { expect, test } from 'vitest'
import { findFreePorts } from '../../src/demo/kafka-port.ts'
import { parseBrokers, provideKafka } from '../../src/demo/provide-kafka.ts'

test.each([
  ['localhost:9092', [{ host: 'localhost', port: 9092 }]],
  [
    ' a.example:1 , 10.0.0.1:65535',
    [
      { host: 'a.example', port: 1 },
      { host: '10.0.0.1', port: 65_535 },
    ],
  ],
  ['[::1]:9092', [{ host: '::1', port: 9092 }]],
])('KAFKA_BROKERS "%s" is read as addresses', (text, expected) => {
  expect(parseBrokers(text)).toEqual(expected)
})

test.each(['localhost', 'a:1,,b:2', 'a:0', 'a:65536', 'kafka://a:1', 'a:b', '::1:9092'])(
  'KAFKA_BROKERS "%s" is refused with what is allowed',
  (text) => {
    expect(() => parseBrokers(text)).toThrow(
      /^KAFKA_BROKERS holds '.*'; expected host:port, several separated by commas/,
    )
  },
)

test('a malformed KAFKA_BROKERS is an error of the configuration, never another Kafka', async () => {
  const options = { env: { KAFKA_BROKERS: 'nowhere' }, onProgress: () => undefined }
  await expect(provideKafka(options)).rejects.toMatchObject({ code: 'TB_CONFIG_INVALID' })
})

test('a KAFKA_BROKERS where nothing answers is an error that says so', async () => {
  const [port = 0] = await findFreePorts(1)
  const env = { KAFKA_BROKERS: `127.0.0.1:${port}` }
  const providing = provideKafka({ env, onProgress: () => undefined, externalTimeoutMs: 50 })
  await expect(providing).rejects.toMatchObject({
    code: 'TB_DEMO_UNAVAILABLE',
    message:
      `KAFKA_BROKERS is '127.0.0.1:${port}', but no Kafka answers there without TLS: start it, or unset KAFKA_BROKERS ` +
      'to have one started.',
  })
})
