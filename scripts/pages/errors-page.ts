// docs/errors.md, from src/errors.ts: every code, what it means, what trackbridge does, what the reader does. Pure.
import { errorCodes, type Reaction } from '../../src/errors.ts'

const reactions: Readonly<Record<Reaction, string>> = {
  refuse: 'ends with exit code 2 before anything is touched',
  retry: 'the record is not at fault: it waits and tries again, for as long as it takes',
  reopen: 'leaves the work to the new owner, or starts again from the committed offset',
  stop: 'the partition stops and is tried again, or the process ends with exit code 1; nothing is skipped',
}

/** What to do, by code. test/docs/pages.test.ts holds it against the list of codes. */
export const remedies: Readonly<Record<string, string>> = {
  TB_CONFIG_INVALID:
    'Mend the keys that are named; each line says what was found and what is allowed ([configuration.md](configuration.md)).',
  TB_CONFIG_UNREADABLE: 'Check `--config`, `TRACKBRIDGE_CONFIG`, the rights of the file and the line that is named.',
  TB_INPUT_UNREADABLE: 'Check the name and the rights of the file; `-` is standard input.',
  TB_USAGE: 'See `trackbridge --help`, or `--help` behind the command.',
  TB_TOPIC_MISSING: 'Run the command that the message gives, or `trackbridge topics plan` and `topics apply`.',
  TB_KAFKA_UNAVAILABLE:
    'Nothing, if it passes. Else: are the brokers up, are addresses, TLS and firewall right? `trackbridge check` says what it reaches.',
  TB_KAFKA_TOO_LARGE: 'Nothing: a single record that is too large becomes a dead letter `too_large`.',
  TB_KAFKA_UNAUTHORIZED: 'Grant what the message names, or mend the credentials; no restart is needed.',
  TB_KAFKA_FENCED:
    'Nothing, at a takeover. If it goes on: do two installations share `kafka.prefix`, or do processes hang?',
  TB_KAFKA_REBALANCED: 'Nothing. If it goes on, see TrackbridgeRebalancing in the [runbook](runbook.md).',
  TB_KAFKA_FATAL: "Read Kafka's own error in the message: mostly a version or a setting of the brokers.",
  TB_DEAD_LETTER_REFUSED:
    'Mend the dead-letter topic: it needs Write access and a `max.message.bytes` that holds a raw record whole.',
  TB_DEAD_LETTER_SHARE:
    'Look at the record that is named, then see TrackbridgeDeadLetters in the [runbook](runbook.md).',
  TB_DEMO_UNAVAILABLE: 'Install what the message names, or set `KAFKA_BROKERS`.',
  TB_WORKER_FAILED: 'The log has the reason of each death: mostly memory. Give the machine more, or run fewer workers.',
  TB_BUG: 'Please report it, with the log lines and the stack that `--log-level debug` shows. Payloads stay with you.',
  TB_REGISTRY_UNAVAILABLE:
    'Nothing, if it passes. Else: is the schema registry up, are `schemaRegistry` and its credentials right?',
  TB_SCHEMA_MISSING: 'Register it: `trackbridge schemas register`, or have whoever owns the registry do so.',
  TB_SCHEMA_INCOMPATIBLE:
    'Read what the registry says; the schemas of trackbridge only change in ways that FULL_TRANSITIVE allows.',
}

/** The page as Markdown. */
export function errorsPage(): string {
  const rows = Object.entries(errorCodes).map(
    ([code, { meaning, reaction }]) =>
      `| \`${code}\` | ${meaning} | ${reactions[reaction]} | ${remedies[code] ?? ''} |`,
  )
  return `# Error codes

Written by \`node scripts/generate-pages.ts\` from src/errors.ts; do not edit.

Every fault that trackbridge tells bears one of these codes, on the command line (\`error TB_...: text\`), in the log (\`code\`)
and in \`/ready\`. The text names the thing, what was found and what is allowed; it never holds payloads or secrets. What may
happen in the data is no error: unsupported calls and dead letters are records ([mapping.md](mapping.md)).

| Code | What it means | What trackbridge does | What to do |
| ---- | ------------- | --------------------- | ---------- |
${rows.join('\n')}

Exit codes: 0 done; 1 failed, or not all is well; 2 the command line, the configuration or the topics are wrong; 130 and 143
after SIGINT and SIGTERM, when the command did not end well by itself.
`
}
