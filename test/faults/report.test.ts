import { expect, test } from 'vitest'
import { reading } from '../../faults/process/reading.ts'
import { toRow, toTable, type Outcome } from '../../faults/report.ts'
import type { Account } from '../support/accounting.ts'

const scenario = {
  name: 'kill',
  promise: 'nothing is lost',
  brokers: 1,
  usual: { rounds: 2, records: 10 },
  short: { rounds: 1, records: 10 },
  run: () => Promise.resolve(),
} as const

const zeros = { lost: 0, doubled: 0, partitionOrder: 0, keyOrder: 0, misplaced: 0, foreign: 0 }
const account = {
  ...zeros,
  accounted: { raw: 10, deadLetters: 2, unsupported: 1, translated: 6, skipped: 1 },
  examples: [],
}

const outcome = (changes: Partial<Outcome<Account>> = {}): Outcome<Account> => ({
  scenario,
  options: { size: { rounds: 2, records: 10 }, seed: 7 },
  findings: { struck: ['SIGKILL', 'SIGKILL'], missed: [], complaints: [], notes: [] },
  recoveries: [6_000, 1_000, 2_000].map((ms) => ({ fault: 'SIGKILL', ms })),
  account,
  ...changes,
})

const findings = (changes: Partial<Outcome<Account>['findings']>): Partial<Outcome<Account>> => ({
  findings: { ...outcome().findings, ...changes },
})

test('a row tells what struck, what was counted and how long it took to go on', () => {
  expect(toRow(outcome(), reading)).toEqual({
    scenario: 'kill',
    promise: 'nothing is lost',
    seed: 7,
    records: 10,
    faults: { SIGKILL: 2 },
    account,
    recovery: { p50Ms: 2_000, maxMs: 6_000 },
    recoveryByFault: { SIGKILL: { p50Ms: 2_000, maxMs: 6_000 } },
    notStruck: [],
    notes: [],
    bad: [],
  })
})

test.each([
  ['the outcome cannot be read', { account: undefined }, ['the outcome could not be read']],
  [
    'a record is doubled',
    { account: { ...account, doubled: 1, examples: ['doubled main raw:0:1:0'] } },
    ['doubled: 1', 'doubled main raw:0:1:0'],
  ],
  [
    'a record is not accounted for',
    { account: { ...account, accounted: { ...account.accounted, skipped: 0 } } },
    ['10 records went in, 9 are accounted for'],
  ],
  ['nothing struck', findings({ struck: [] }), ['no fault struck']],
  ['the scenario complains', findings({ complaints: ['it spins'] }), ['it spins']],
  [
    'a fault missed what it should have found',
    findings({ missed: [{ fault: 'cut EndTxn', reason: 'too few', isExpected: false }] }),
    ['cut EndTxn did not strike: too few'],
  ],
  [
    'a fault missed what this protocol does not have',
    findings({ missed: [{ fault: 'cut AddOffsetsToTxn', reason: 'never sent', isExpected: true }] }),
    [],
  ],
  [
    'the negative control shows nothing',
    { scenario: { ...scenario, expects: 'doubles' as const } },
    ['the negative control shows no doubles: this harness sees nothing'],
  ],
  [
    'the negative control shows doubles',
    { scenario: { ...scenario, expects: 'doubles' as const }, account: { ...account, doubled: 9, partitionOrder: 4 } },
    [],
  ],
])('the row says what is bad when %s', (_name, changes, bad) => {
  expect(toRow(outcome(changes), reading).bad).toEqual(bad)
})

test('the table has a line a scenario, and beneath it what a reader must know', () => {
  const missed = [{ fault: 'cut AddOffsetsToTxn', reason: 'no such request was sent', isExpected: true }]
  const rows = [
    toRow(outcome(findings({ missed })), reading),
    toRow(outcome({ account: undefined, recoveries: [] }), reading),
  ]
  expect(toTable(rows, reading).split('\n')).toEqual([
    'scenario  records  faults  lost  doubled  order  in = out            recovery     result',
    'kill      10       2       0     0        0      10 = 6 + 1 + 2 + 1  2.0 / 6.0 s  ok',
    '    nothing is lost',
    '    faults: SIGKILL 2',
    '    not struck: cut AddOffsetsToTxn: no such request was sent',
    'kill      ?        2       ?     ?        ?      ?                   -            BAD',
    '    nothing is lost',
    '    faults: SIGKILL 2',
    '    BAD: the outcome could not be read',
    '    seed 7',
  ])
})

test('an account that tells faults apart has a line for each of them', () => {
  const apart = { ...reading, byFault: () => [{ fault: 'SIGKILL', records: 4, cells: ['0', '0', '0', '4 = 4'] }] }
  expect(toTable([toRow(outcome(), apart)], apart).split('\n')).toEqual([
    'scenario   records  faults  lost  doubled  order  in = out            recovery     result',
    'kill       10       2       0     0        0      10 = 6 + 1 + 2 + 1  2.0 / 6.0 s  ok',
    '  SIGKILL  4        2       0     0        0      4 = 4               2.0 / 6.0 s',
    '    nothing is lost',
  ])
})
