// `trackbridge check --acls [--principal User:x] [--json]`: the rights of each command as ready lines of kafka-acls.sh, with the
// configured names. Nothing is connected. Ruled by product.md, "Commands", and docs/security.md.
import type { Config } from '../config/schema.ts'
import { TrackbridgeError } from '../errors.ts'
import { accessText, allows, denialText, grantCommand, type Access, type Identity } from '../kafka/access.ts'
import { missingAccess, needsOf } from '../kafka/denial.ts'
import { identityOf } from '../kafka/identity.ts'
import type { Output } from './output.ts'
import { connectionSettings } from './kafka-settings.ts'
import { requiredAcls } from './required-acls.ts'

export interface AclOptions {
  readonly principal?: string
  readonly json?: true
}

/** Prints the rights of every command. Without `principal`: that of the configured credentials, as brokers see it unless they
 *  map names. Throws TB_CONFIG_INVALID for files that are gone. */
export function printAcls(output: Output, config: Config, { principal, json }: AclOptions): void {
  const configured = identityOf(connectionSettings(config.kafka))
  const identity: Identity = principal === undefined ? configured : { ...configured, principal: () => principal }
  const commands = requiredAcls(config)
  if (json) {
    const rows = (access: readonly Access[]): readonly object[] =>
      access.map((row) => ({ ...row, text: accessText(row), grant: grantCommand(row, identity) }))
    output.printJson({
      principal: identity.principal() ?? null,
      commands: commands.map(({ command, access }) => ({ command, acls: rows(access) })),
    })
    return
  }
  output.print(heading(identity))
  for (const { command, access } of commands)
    output.print(['', `# ${command}`, ...access.map((row) => grantCommand(row, identity))].join('\n'))
}

function heading(identity: Identity): string {
  const principal = identity.principal()
  const who = principal === undefined ? 'the principal is not known: replace User:NAME' : `for ${principal}`
  return `# The ACLs that each command of trackbridge needs, ${who}. Read and Write allow Describe as well.`
}

/** The same error; where Kafka denies what a command asks before it begins, one that names the right which the command itself
 *  needs there: topics are only described then, and whoever may write to one may describe it. */
export function namingRights(error: unknown, config: Config, command: string): unknown {
  if (!(error instanceof TrackbridgeError) || error.code !== 'TB_KAFKA_UNAUTHORIZED') return error
  const needs = typeof error.cause === 'object' && error.cause !== null ? needsOf([error.cause]) : undefined
  // Of several rights that a call needs, those that Kafka's error is about.
  const asked = needs === undefined ? [] : missingAccess(needs, String(error.context['kafkaError']), [])
  const rows = rowsOf(config, command).filter((row) => asked.some((one) => covers(row, one)))
  if (needs === undefined || rows.length === 0) return error
  const text = `cannot run ${command}: ${denialText(rows, needs.identity)}`
  return new TrackbridgeError(error.code, text, { context: error.context, cause: error })
}

/** A sink stands there once for each destination; `run` is all of them. */
function rowsOf(config: Config, command: string): readonly Access[] {
  const all = requiredAcls(config)
  const exact = all.filter((one) => one.command === command)
  const meant = all.filter((one) => command === 'run' || one.command.startsWith(`${command} --`))
  const rows = (exact.length > 0 ? exact : meant).flatMap(({ access }) => access)
  return rows.filter((row, index) => rows.findIndex((one) => accessText(one) === accessText(row)) === index)
}

function covers(row: Access, asked: Access): boolean {
  if (row.resource !== asked.resource || !allows(row.operation, asked.operation)) return false
  return row.pattern === 'prefixed' ? asked.name.startsWith(row.name) : row.name === asked.name || row.name === '*'
}
