import { expect, test } from 'vitest'
import { judgeAudit } from '../../scripts/audit-deps.ts'

const finding = (severity: string) => ({ severity, range: '<2.0.0', via: [], fixAvailable: true })
const report = (vulnerabilities: object) => ({ auditReportVersion: 2, vulnerabilities, metadata: {} })

test.each([
  ['no advisory', report({}), 0, 'advisories on dependencies: none'],
  [
    'a moderate one',
    report({ a: finding('moderate') }),
    0,
    'advisories on dependencies: none that is high or critical:\n  moderate: a <2.0.0',
  ],
  [
    'a high one',
    report({ a: finding('low'), b: finding('high') }),
    1,
    'advisories on dependencies:\n  low: a <2.0.0\n  high: b <2.0.0',
  ],
  ['a critical one', report({ c: finding('critical') }), 1, 'advisories on dependencies:\n  critical: c <2.0.0'],
  [
    'a registry without that endpoint',
    {
      message: '405 Method Not Allowed - POST https://packages.example.org/x',
      statusCode: 405,
      error: { summary: '' },
    },
    0,
    'dependencies NOT audited: the registry gives no advisories (405 Method Not Allowed - POST https://packages.example.org/x)',
  ],
  [
    'a registry that cannot be reached',
    { message: 'request to https://packages.example.org/x failed, reason: no', error: { summary: '', detail: '' } },
    0,
    'dependencies NOT audited: the registry gives no advisories (request to https://packages.example.org/x failed, reason: no)',
  ],
  [
    'a registry that wants credentials',
    { message: '401 Unauthorized - POST https://packages.example.org/x', statusCode: 401, error: { summary: '' } },
    1,
    'dependencies cannot be audited: 401 Unauthorized - POST https://packages.example.org/x',
  ],
  [
    'no lock file',
    { error: { code: 'ENOLOCK', summary: 'This command requires an existing lockfile.', detail: '' } },
    1,
    'dependencies cannot be audited: This command requires an existing lockfile.',
  ],
])('%s ends as it should', (_name, audit, exitCode, text) => {
  expect(judgeAudit(JSON.stringify(audit))).toStrictEqual({ exitCode, text })
})

test.each([
  ['', 'npm printed nothing'],
  ['npm: not found', 'npm: not found'],
])('output that is no report, %j, is a fault', (stdout, why) => {
  expect(judgeAudit(stdout)).toStrictEqual({ exitCode: 1, text: `dependencies cannot be audited: ${why}` })
})
