// Asks the package registry for advisories on what the product installs: npm run audit:deps. Exit code 1 for one that is
// high or critical, or when the question cannot be put; a registry without an answer is said and no fault.
import { spawnSync } from 'node:child_process'

interface Finding {
  readonly severity: string
  readonly range: string
}

/** What `npm audit --json` prints: a report, or why there is none. */
interface Audit {
  readonly vulnerabilities?: Readonly<Record<string, Finding>>
  readonly message?: string
  readonly statusCode?: number
  readonly error?: { readonly code?: string; readonly summary?: string }
}

export interface Judgement {
  readonly exitCode: 0 | 1
  readonly text: string
}

/** The registry is there and does not know the question, or is down. */
const withoutEndpoint: ReadonlySet<number | undefined> = new Set([404, 405, 410, 500, 501, 502, 503, 504])
const grave: ReadonlySet<string> = new Set(['high', 'critical'])

/** The judgement on what npm has printed. */
export function judgeAudit(stdout: string): Judgement {
  const audit = parsed(stdout)
  if (audit.vulnerabilities === undefined) return judgeSilence(audit, stdout)
  const found = Object.entries(audit.vulnerabilities)
  const lines = found.map(([name, { severity, range }]) => `${severity}: ${name} ${range}`)
  const isGrave = found.some(([, { severity }]) => grave.has(severity))
  if (isGrave) return { exitCode: 1, text: `advisories on dependencies:\n  ${lines.join('\n  ')}` }
  const rest = lines.length === 0 ? 'none' : `none that is high or critical:\n  ${lines.join('\n  ')}`
  return { exitCode: 0, text: `advisories on dependencies: ${rest}` }
}

// Only what says that nobody answers counts as such: anything else would hide that nothing is audited.
function judgeSilence({ message = '', statusCode, error }: Audit, stdout: string): Judgement {
  const noAnswer = withoutEndpoint.has(statusCode) || /^request to \S+ failed/.test(message)
  if (noAnswer) return { exitCode: 0, text: `dependencies NOT audited: the registry gives no advisories (${message})` }
  const why = error?.summary || message || stdout.slice(0, 200) || 'npm printed nothing'
  return { exitCode: 1, text: `dependencies cannot be audited: ${why}` }
}

function parsed(stdout: string): Audit {
  try {
    return JSON.parse(stdout) as Audit
  } catch {
    return {}
  }
}

if (import.meta.main) {
  const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { encoding: 'utf8' })
  const { exitCode, text } = judgeAudit(stdout ?? '')
  console.log(text)
  process.exitCode = exitCode
}
