// The layers of src/, one rule each. Data flows one way: see "Layers" in README.md. faults/ and bench/ are cruised as well:
// they may import what they like, but in no circle.
const PURE =
  '^src/(translate|records)/|^src/schemas/(avro-|logical-types|track-call|message-value|dead-letter-value)|^src/(json|errors|amount-text)\\.ts$|^src/kafka/broker\\.ts$|^src/processor/(topology|routing)\\.ts$|^src/sink/(batch|request-format|halving|outgoing|verdict|backoff|committable|token-bucket|network-faults|request-secrets)\\.ts$'
const only = (name, from, to, comment) => ({ name, comment, severity: 'error', from, to })
const importer = (library, path) =>
  only(
    `one-importer-${library}`,
    { path: '^src/', pathNot: path },
    { path: `(^|/)node_modules/${library}/` },
    `${library} is imported in one place only`,
  )

module.exports = {
  forbidden: [
    only('no-circular', {}, { circular: true }),
    only('no-unresolvable', {}, { couldNotResolve: true }),
    only(
      'bottom',
      { path: '^src/(json|errors|clock|amount-text)\\.ts$' },
      { path: '^src/', pathNot: '^src/errors\\.ts$' },
      'the bottom imports nothing of ours',
    ),
    only(
      'translate-is-a-core',
      { path: '^src/translate/' },
      { path: '^src/', pathNot: '^src/translate/|^src/(json|errors)\\.ts$' },
    ),
    only(
      'records-on-translate',
      { path: '^src/records/' },
      { path: '^src/', pathNot: '^src/(records|translate)/|^src/(json|errors)\\.ts$' },
    ),
    only('pure-imports-pure', { path: PURE }, { path: '^src/', pathNot: PURE }, 'pure files import pure files'),
    only(
      'pure-without-io',
      { path: PURE, pathNot: '^src/json\\.ts$' },
      { dependencyTypes: ['core'] },
      'pure files import no node:* (json.ts may check UTF-8)',
    ),
    only(
      'pure-libraries',
      { path: PURE },
      { dependencyTypes: ['npm', 'npm-dev', 'npm-optional'], pathNot: 'node_modules/zod/' },
    ),
    only(
      'adapters-apart',
      { path: '^src/(kafka|config|ops)/' },
      {
        path: '^src/(kafka|config|ops|processor|sink|cli|demo)/',
        pathNot: '^src/$1/|^src/config/schema\\.ts$|^src/ops/(log|meter)\\.ts$',
      },
      'adapters import neither engines nor one another, but for the types of config/schema.ts and ops/{log,meter}.ts',
    ),
    only(
      'schemas-on-records',
      { path: '^src/schemas/' },
      {
        path: '^src/',
        pathNot:
          '^src/(schemas|records|translate)/|^src/(json|errors|clock)\\.ts$|^src/config/schema\\.ts$|^src/ops/log\\.ts$',
      },
      'schemas know records and calls; engines and Kafka they do not',
    ),
    only(
      'schemas-below-cli',
      { path: '^src/', pathNot: '^src/(schemas|cli)/' },
      { path: '^src/schemas/' },
      'engines get what they need of schemas as functions',
    ),
    only(
      'engines-apart',
      { path: '^src/(processor|sink)/' },
      { path: '^src/(processor|sink|cli|demo)/', pathNot: '^src/$1/' },
    ),
    only(
      'history-on-the-port',
      { path: '^src/history/' },
      {
        path: '^src/',
        pathNot: '^src/history/|^src/kafka/broker\\.ts$|^src/(records|translate)/|^src/(errors|clock)\\.ts$',
      },
      'windows and conditions know the port and no engine',
    ),
    only(
      'tools-apart',
      { path: '^src/(replay|dead-letters|audit)/' },
      { path: '^src/(replay|dead-letters|audit|sink|cli|demo)/', pathNot: '^src/$1/' },
      'tools for history read and translate; they know neither one another nor the sink',
    ),
    only(
      'engines-see-the-port',
      { path: '^src/(processor|sink|replay|dead-letters|audit)/' },
      {
        path: '^src/(kafka|config|ops)/',
        pathNot: '^src/kafka/broker\\.ts$|^src/config/schema\\.ts$|^src/ops/(log|meter)\\.ts$',
      },
    ),
    only('cli-on-top', { path: '^src/', pathNot: '^src/(cli/|main\\.ts)' }, { path: '^src/(cli/|main\\.ts)' }),
    only('demo-below-cli', { path: '^src/', pathNot: '^src/(cli|demo)/' }, { path: '^src/demo/' }),
    importer('kafkajs', '^src/kafka/'),
    importer('pino', '^src/ops/log\\.ts$'),
    importer('prom-client', '^src/ops/prometheus\\.ts$'),
    importer('@opentelemetry', '^src/ops/tracing\\.ts$'),
    importer('undici', '^src/sink/http-dispatcher\\.ts$'),
    importer('yaml', '^src/config/'),
    importer('commander', '^src/(cli/|main\\.ts)'),
    only('no-tests-in-src', { path: '^src/' }, { path: '^(test|bench)/' }),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.cjs', '.json'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
}
