/** Faulty configurations and what is said about them, to the letter. `yaml` may hold `${ENV}`. */
export interface FaultyConfig {
  readonly name: string
  readonly yaml: string
  readonly env?: Readonly<Record<string, string>>
  readonly lines: readonly string[]
}

const rest = 'destinations: [{name: one, sink: {apiKey: k}}]\n'
const kafka = 'kafka: {brokers: "a:9092"}\n'
const ofKafka = (keys: string) => `kafka: {brokers: "a:9092", ${keys}}\n${rest}`
const ofSink = (keys: string) => `${kafka}destinations: [{name: one, sink: {${keys}}}]\n`
const valid = kafka + rest

const kafkaKeys =
  'brokers, clientId, ssl, sasl, prefix, sessionTimeoutMs, transactionTimeoutMs, compression, connectionTimeoutMs, requestTimeoutMs'
const rootKeys =
  'kafka, schemaRegistry, raw, partitioning, delivery, process, mapping, destinations, deadLetters, unsupported, topics, http, log, shutdownTimeoutMs'
const limitKeys =
  'timeoutMs, maxBatchMessages, maxBatchBytes, maxCallBytes, maxSingleBytes, maxInFlight, requestsPerSecond, lingerMs, maxBufferBytes'
const urlAllowed = 'an http or https address without user name and query, as in https://cdp.customer.io/v1'

export const faultyConfigs: readonly FaultyConfig[] = [
  { name: 'an empty file', yaml: '', lines: [`the file: found nothing; allowed: a mapping with ${rootKeys}`] },
  {
    name: 'missing keys',
    yaml: 'kafka: {}',
    lines: [
      'kafka.brokers: found nothing; allowed: a list of host:port, or one text with commas between them',
      'destinations: found nothing; allowed: a list with at least one entry',
    ],
  },
  {
    name: 'several faults at once',
    yaml: 'kafka: {brokers: [kafka]}\nraw: {format: xml}\ndestinations: [{name: A}, {name: b, where: {types: [click]}}]',
    lines: [
      'kafka.brokers[0]: found "kafka"; allowed: host:port, as in kafka-1.example.org:9092',
      'raw.format: found "xml"; allowed: auto, json or avro',
      'destinations[0].name: found "A"; allowed: lower case letters, digits, ".", "_" and "-", at most 100',
      'destinations[1].where.types[0]: found "click"; allowed: identify, track, page, screen, group or alias',
    ],
  },
  {
    name: 'a typo in a key',
    yaml: ofKafka('sesionTimeoutMs: 1'),
    lines: [`kafka.sesionTimeoutMs: found an unknown key; did you mean kafka.sessionTimeoutMs? Allowed: ${kafkaKeys}`],
  },
  {
    name: 'a key in the wrong case',
    yaml: ofSink('apikey: k, apiKey: k'),
    lines: [
      'destinations[0].sink.apikey: found an unknown key; did you mean destinations[0].sink.apiKey? Allowed: format, url, region, apiKey, apiKeyFile, auth, headers, compression, proxy, caFile, certFile, keyFile, passphrase, concurrency, rateLimit, shutdownTimeoutMs, limits',
    ],
  },
  {
    name: 'a key at the wrong level',
    yaml: `${kafka}destinations: [{name: one, maxInFlight: 3}]\nport: 80`,
    lines: [
      'destinations[0].maxInFlight: found an unknown key; did you mean destinations[0].sink.limits.maxInFlight? Allowed: name, topic, format, where, integrations, backfill, sink',
      `port: found an unknown key; did you mean http.port? Allowed: ${rootKeys}`,
    ],
  },
  {
    name: 'a key like no other',
    yaml: `${valid}colour: red`,
    lines: [`colour: found an unknown key; allowed: ${rootKeys}`],
  },
  {
    name: 'Avro without a registry',
    yaml: `${kafka}destinations: [{name: one, format: avro}]\nraw: {format: avro}\ndeadLetters: {format: avro}\nunsupported: {format: avro}`,
    lines: ['raw', 'destinations[0]', 'deadLetters', 'unsupported'].map(
      (section) => `${section}.format: found "avro"; allowed: json, unless schemaRegistry says where the schemas are`,
    ),
  },
  {
    name: 'a registry with half of its credentials',
    yaml: `${valid}schemaRegistry: {url: "ftp://registry", username: u}`,
    lines: [
      'schemaRegistry.url: found "ftp://registry"; allowed: an http or https address without user name and query, or a list of them',
      'schemaRegistry.password: found nothing; allowed: text, or a file named by passwordFile: a user name is given',
    ],
  },
  {
    name: 'a password of a registry for nobody',
    yaml: `${valid}schemaRegistry: {url: "https://registry", password: p}`,
    lines: ['schemaRegistry.username: found nothing; allowed: text: a password is given for it'],
  },
  {
    name: 'numbers out of bounds and of the wrong kind',
    yaml: ofSink('apiKey: k, limits: {maxInFlight: 0, lingerMs: 0.5, timeoutMs: "1s", requestsPerSecond: 1e9}'),
    lines: [
      'destinations[0].sink.limits.timeoutMs: found "1s"; allowed: a whole number from 100 to 600000',
      'destinations[0].sink.limits.maxInFlight: found 0; allowed: a whole number from 1 to 1000',
      'destinations[0].sink.limits.requestsPerSecond: found 1000000000; allowed: a whole number from 1 to 100000',
      'destinations[0].sink.limits.lingerMs: found 0.5; allowed: a whole number from 0 to 60000',
    ],
  },
  {
    name: 'shares that are none',
    yaml: `${valid}deadLetters: {maxShare: 20}`,
    lines: ['deadLetters.maxShare: found 20; allowed: a number from 0 to 1, as in 0.2 for a fifth'],
  },
  {
    name: 'a share in per cent',
    yaml: `${valid}deadLetters: {maxShare: 20%}`,
    lines: ['deadLetters.maxShare: found "20%"; allowed: a number from 0 to 1, as in 0.2 for a fifth'],
  },
  {
    name: 'a replication factor of none and a retention below for ever',
    yaml: `${valid}topics: {replicationFactor: 0, retentionMs: -2}`,
    lines: [
      'topics.replicationFactor: found 0; allowed: -1, or a whole number from 1 to 100',
      'topics.retentionMs: found -2; allowed: a whole number, -1 or more',
    ],
  },
  {
    name: 'values where a mapping or false is wanted',
    yaml: `${ofKafka('ssl: "on"')}http: true\nlog: debug`,
    lines: [
      'kafka.ssl: found "on"; allowed: true, false, or a mapping with ca, caFile, cert, certFile, key, keyFile, passphrase, passphraseFile, serverName',
      'http: found true; allowed: false, or a mapping with host and port',
      'log: found "debug"; allowed: a mapping with level, format, personIds',
    ],
  },
  {
    name: 'faults within a mapping that could also be false',
    yaml: `${valid}http: {port: 65536, hots: x}`,
    lines: [
      'http.port: found 65536; allowed: a whole number from 0 to 65535',
      'http.hots: found an unknown key; did you mean http.host? Allowed: host, port',
    ],
  },
  {
    name: 'SASL with an unknown mechanism',
    yaml: ofKafka('sasl: {mechanism: gssapi}'),
    lines: [
      'kafka.sasl.mechanism: found "gssapi"; allowed: plain, scram-sha-256, scram-sha-512, oauthbearer or aws-iam',
      'kafka.sasl.password: found nothing; allowed: text, or a file named by passwordFile',
    ],
  },
  {
    name: 'SASL with a number for a password and a key of another mechanism',
    yaml: ofKafka('sasl: {mechanism: plain, username: u, password: 123, tokenFile: ./t}'),
    lines: [
      'kafka.sasl.password: found a number that is not shown; allowed: text that is not empty; a number needs quotes here',
      'kafka.sasl.tokenFile: found an unknown key; allowed: mechanism, username, password, passwordFile',
    ],
  },
  {
    name: 'SASL without a password, TLS with half a certificate',
    yaml: ofKafka('sasl: {mechanism: plain, username: u}, ssl: {certFile: ./none.pem}'),
    lines: [
      'kafka.ssl.key: found nothing; allowed: PEM text, or a file named by keyFile: kafka.ssl.cert needs it',
      'kafka.sasl.password: found nothing; allowed: text, or a file named by passwordFile',
      'kafka.ssl.certFile: found /etc/none.pem, which does not exist; allowed: a file that can be read and is not empty',
    ],
  },
  {
    name: 'TLS parts as text and as files, and one without the other',
    yaml: ofKafka('ssl: {ca: kkk, caFile: ./ca.pem, passphrase: [x], key: 7}'),
    lines: [
      'kafka.ssl.key: found a number that is not shown; allowed: text that is not empty; a number needs quotes here',
      'kafka.ssl.passphrase: found a list; allowed: text that is not empty',
      'kafka.ssl.caFile: found caFile beside ca; allowed: ca or caFile, not both',
      'kafka.ssl.cert: found nothing; allowed: PEM text, or a file named by certFile: kafka.ssl.key needs it',
    ],
  },
  {
    name: 'a bearer token from nowhere',
    yaml: ofKafka('sasl: {mechanism: oauthbearer}'),
    lines: ['kafka.sasl.tokenFile: found nothing; allowed: a file that holds the token, or a tokenUrl'],
  },
  {
    name: 'client credentials without their half',
    yaml: ofKafka('sasl: {mechanism: oauthbearer, tokenUrl: ftp, clientSecret: 7}'),
    lines: [
      'kafka.sasl.tokenUrl: found "ftp"; allowed: the http or https address of a token endpoint, without user name and query',
      'kafka.sasl.clientSecret: found a number that is not shown; allowed: text that is not empty; a number needs quotes here',
      'kafka.sasl.clientId: found nothing; allowed: the client id: tokenUrl needs it',
    ],
  },
  {
    name: 'a token file with what belongs to a token endpoint, and extensions that are none',
    yaml: ofKafka('sasl: {mechanism: oauthbearer, tokenFile: ./t, scope: s, extensions: {"a=b": c}}'),
    lines: [
      'kafka.sasl.extensions: found a mapping; allowed: texts without line breaks, under names of letters',
      'kafka.sasl.scope: found scope beside tokenFile; allowed: scope with tokenUrl only',
      'kafka.sasl.tokenFile: found /etc/t, which does not exist; allowed: a file that can be read and is not empty',
    ],
  },
  {
    name: 'AWS without a region, and a profile beside a role',
    yaml: ofKafka('sasl: {mechanism: aws-iam, profile: p, roleArn: r}'),
    lines: [
      'kafka.sasl.region: found nothing; allowed: text that is not empty',
      'kafka.sasl.roleArn: found roleArn beside profile; allowed: profile or roleArn, not both',
    ],
  },
  {
    name: 'url beside region, two keys, no key',
    yaml: `${kafka}destinations:
  - {name: a, sink: {url: "https://x.example.org/v1", region: us, apiKey: k}}
  - {name: b, sink: {apiKey: k, apiKeyFile: /none/key.txt}}
  - {name: c, sink: {}}`,
    lines: [
      'destinations[0].sink.region: found region beside url; allowed: url or region, not both',
      'destinations[1].sink.apiKeyFile: found apiKeyFile beside apiKey; allowed: apiKey or apiKeyFile, not both',
      'destinations[2].sink.apiKey: found nothing; allowed: text, or a file named by apiKeyFile',
    ],
  },
  {
    name: 'addresses that are none',
    yaml: ofSink('apiKey: k, url: "https://cdp.customer.io/v1/batch", proxy: "proxy:3128"'),
    lines: [
      'destinations[0].sink.proxy: found "proxy:3128"; allowed: the http or https address of a proxy, as in http://gateway.example.org:3128',
      'destinations[0].sink.url: found "https://cdp.customer.io/v1/batch"; allowed: the base only, as in https://cdp.customer.io/v1: /batch and /{type} are added to it',
    ],
  },
  {
    name: 'an address with a password',
    yaml: ofSink('apiKey: k, url: "https://u:secret@cdp.customer.io/v1"'),
    lines: [`destinations[0].sink.url: found "https://***@cdp.customer.io/v1"; allowed: ${urlAllowed}`],
  },
  {
    name: 'repeated names and topics',
    yaml: `${kafka}destinations: [{name: a}, {name: a}, {name: b, topic: cio.pipelines.a}, {name: c, topic: cio.track.raw}]
unsupported: {topic: cio.dead-letters}`,
    lines: [
      'destinations[1].name: found "a", as in destinations[0].name; allowed: a name that no other destination has',
      'unsupported.topic: found "cio.dead-letters", as in deadLetters.topic; allowed: a topic of its own',
      'destinations[1].topic: found "cio.pipelines.a", as in destinations[0].topic; allowed: a topic of its own',
      'destinations[2].topic: found "cio.pipelines.a", as in destinations[0].topic; allowed: a topic of its own',
      'destinations[3].topic: found "cio.track.raw", as in raw.topic; allowed: a topic of its own',
    ],
  },
  {
    name: 'limits that contradict each other or a default',
    yaml: ofSink('apiKey: k, limits: {maxCallBytes: 70000, maxBatchBytes: 60000}'),
    lines: [
      'destinations[0].sink.limits.maxSingleBytes: found 64000; allowed: at least maxCallBytes, which is 70000',
      'destinations[0].sink.limits.maxBatchBytes: found 60000; allowed: at least maxCallBytes, which is 70000',
    ],
  },
  {
    name: 'a misspelt limit',
    yaml: ofSink('apiKey: k, limits: {requestPerSecond: 9}'),
    lines: [
      `destinations[0].sink.limits.requestPerSecond: found an unknown key; did you mean destinations[0].sink.limits.requestsPerSecond? Allowed: ${limitKeys}`,
    ],
  },
  {
    name: 'a variable that is not set',
    yaml: ofSink('apiKey: "${CIO_API_KEY}"'),
    lines: [
      'destinations[0].sink.apiKey: found ${CIO_API_KEY}, which is not set; allowed: an environment variable CIO_API_KEY, or ${CIO_API_KEY:-default}',
    ],
  },
  {
    name: 'a variable that is empty',
    yaml: ofSink('apiKey: "${CIO_API_KEY}"'),
    env: { CIO_API_KEY: '' },
    lines: ['destinations[0].sink.apiKey: found nothing; allowed: text, or a file named by apiKeyFile'],
  },
  {
    name: 'a variable with the wrong kind of value',
    yaml: `${valid}http: {port: "\${PORT}"}`,
    env: { PORT: 'http' },
    lines: ['http.port: found "http" (from ${PORT}); allowed: a whole number from 0 to 65535'],
  },
  {
    name: 'a placeholder that is none',
    yaml: ofKafka("clientId: '${1}'"),
    lines: [
      'kafka.clientId: found a "${" that is not ${NAME} or ${NAME:-default}; allowed: ${NAME}, ${NAME:-default}, or $${ for a plain ${',
    ],
  },
  {
    name: 'a secret file that does not exist, and a key in its place',
    yaml: `${kafka}destinations: [{name: a, sink: {apiKeyFile: secrets/key.txt}}, {name: b, sink: {apiKeyFile: 0123456789abcdef}}]`,
    lines: [
      'destinations[0].sink.apiKeyFile: found /etc/secrets/key.txt, which does not exist; allowed: a file that can be read and is not empty',
      'destinations[1].sink.apiKeyFile: found a text that is not shown, which does not exist; allowed: a file that can be read and is not empty',
    ],
  },
]
