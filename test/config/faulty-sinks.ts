import type { FaultyConfig } from './faulty-configs.ts'

const kafka = 'kafka: {brokers: "a:9092"}\n'
const ofSink = (keys: string) => `${kafka}destinations: [{name: one, sink: {${keys}}}]\n`

/** Faulty ways out of a destination, and what is said about them, to the letter. */
export const faultySinks: readonly FaultyConfig[] = [
  {
    name: 'an API key beside auth, auth without its secret, auth of an unknown kind',
    yaml: `${kafka}destinations:
  - {name: a, sink: {apiKey: k, auth: {type: none}}}
  - {name: b, sink: {auth: {type: basic, username: u}}}
  - {name: c, sink: {auth: {type: bearer, token: t, tokenFile: /none/t.txt}}}
  - {name: d, sink: {auth: {type: digest}}}
  - {name: e, sink: {auth: Bearer abcdef}}`,
    lines: [
      'destinations[3].sink.auth.type: found "digest"; allowed: basic, bearer or none',
      'destinations[4].sink.auth: found a text that is not shown; allowed: a mapping with type: basic, bearer or none',
      'destinations[0].sink.apiKey: found apiKey beside auth; allowed: apiKey or auth, not both',
      'destinations[1].sink.auth.password: found nothing; allowed: text, or a file named by passwordFile',
      'destinations[2].sink.auth.tokenFile: found tokenFile beside token; allowed: token or tokenFile, not both',
    ],
  },
  {
    name: 'a number for a token',
    yaml: ofSink('auth: {type: bearer, token: 123}'),
    lines: [
      'destinations[0].sink.auth.token: found a number that is not shown; allowed: text that is not empty; a number needs quotes here',
    ],
  },
  {
    name: 'an endpoint that is not named, and a region where a format needs an address',
    yaml: `${kafka}destinations:
  - {name: a, sink: {format: ndjson, auth: {type: none}}}
  - {name: b, sink: {format: json-array, region: eu, url: "https://x.example.org/batch", auth: {type: none}}}
  - {name: c, sink: {format: csv, apiKey: k}}`,
    lines: [
      'destinations[2].sink.format: found "csv"; allowed: pipelines, ndjson or json-array',
      'destinations[0].sink.url: found nothing; allowed: the whole address of the endpoint: format ndjson needs it',
      'destinations[1].sink.region: found a region; allowed: nothing: format json-array needs url in its place',
    ],
  },
  {
    name: 'headers that are ours, twice the same, and values that HTTP does not allow',
    yaml: `${kafka}destinations:
  - {name: a, sink: {apiKey: k, headers: {Authorization: secret}}}
  - {name: b, sink: {apiKey: k, headers: {content-length: "1"}}}
  - {name: c, sink: {apiKey: k, headers: {x-a: "b", X-A: "c"}}}
  - {name: d, sink: {apiKey: k, headers: {"x a": "b"}}}
  - {name: e, sink: {apiKey: k, headers: {x-a: "one\\ntwo"}}}
  - {name: f, sink: {apiKey: k, headers: {x-a: 1}}}`,
    lines: [
      'destinations[4].sink.headers.x-a: found a text that is not shown; allowed: text of printable characters, without line breaks',
      'destinations[5].sink.headers.x-a: found a number that is not shown; allowed: text of printable characters, without line breaks',
      'destinations[0].sink.headers: found the header "Authorization"; allowed: other headers: this one is set by apiKey or auth',
      'destinations[1].sink.headers: found the header "content-length"; allowed: other headers: this one is set by trackbridge',
      'destinations[2].sink.headers: found the header "X-A"; allowed: each name once',
      'destinations[3].sink.headers: found the header "x a"; allowed: names of letters, digits and -',
    ],
  },
  {
    name: 'half a certificate of ours, and a passphrase of no key',
    yaml: `${kafka}destinations:
  - {name: a, sink: {apiKey: k, certFile: ./none.pem}}
  - {name: b, sink: {apiKey: k, passphrase: p}}`,
    lines: [
      'destinations[0].sink.keyFile: found nothing; allowed: a file: destinations[0].sink.certFile needs it',
      'destinations[1].sink.keyFile: found nothing; allowed: a file: destinations[1].sink.passphrase needs it',
      'destinations[0].sink.certFile: found /etc/none.pem, which does not exist; allowed: a file that can be read and is not empty',
    ],
  },
  {
    name: 'unknown choices of the sink',
    yaml: ofSink('apiKey: k, compression: br, concurrency: all, rateLimit: true'),
    lines: [
      'destinations[0].sink.compression: found "br"; allowed: none or gzip',
      'destinations[0].sink.concurrency: found "all"; allowed: partition or key',
      'destinations[0].sink.rateLimit: found true; allowed: a mapping with shared',
    ],
  },
  {
    name: 'lanes that are more than the API takes, or are called as another destination, or share a topic',
    yaml: `${kafka}destinations:
  - {name: a, backfill: {requestsPerSecond: 51}, sink: {apiKey: k}}
  - {name: b, backfill: {requestsPerSecond: 1}, sink: {apiKey: k, limits: {requestsPerSecond: 1000}}}
  - {name: c, backfill: {requestsPerSecond: 500}, sink: {apiKey: k, limits: {requestsPerSecond: 2000}}}
  - {name: d, backfill: {requestsPerSecond: 500}, sink: {format: ndjson, url: "https://x.example.org/in", apiKey: k}}
  - {name: e, topic: shared, backfill: {}}
  - {name: e.backfill, topic: shared.backfill}
  - {name: f, backfill: true}`,
    lines: [
      'destinations[6].backfill: found true; allowed: a mapping with topic, requestsPerSecond',
      'destinations[4].backfill.topic: found "shared.backfill", as in destinations[5].topic; allowed: a topic of its own',
      "destinations[0].backfill.requestsPerSecond: found 51; allowed: at most 50: with sink.limits.requestsPerSecond, 950, it must stay within the API's 1000 a second; lower that to make room",
      "destinations[1].backfill.requestsPerSecond: found 1; allowed: at most 0: with sink.limits.requestsPerSecond, 1000, it must stay within the API's 1000 a second; lower that to make room",
      'destinations[4].name: found a destination "e" with a backfill lane, which is called "e.backfill" as another destination is; allowed: names that differ from those of the lanes',
    ],
  },
]
