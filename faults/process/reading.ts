// How the account of the process leg is read: what is bad in it, and its columns. Pure.
import type { Account } from '../../test/support/accounting.ts'
import type { Reading } from '../subject.ts'
import type { Expectation } from '../scenario.ts'

const zeros = ['lost', 'doubled', 'partitionOrder', 'keyOrder', 'misplaced', 'foreign'] as const

/** Lost, doubled and disordered records, and where the raw records ended. */
export const reading: Reading<Account> = {
  columns: ['lost', 'doubled', 'order', 'in = out'],
  records: ({ accounted }) => accounted.raw,
  judge,
  cells: ({ lost, doubled, partitionOrder, keyOrder, misplaced, accounted }) => [
    String(lost),
    String(doubled),
    String(partitionOrder + keyOrder + misplaced),
    accountedText(accounted),
  ],
}

function judge(account: Account, expects: Expectation): readonly string[] {
  if (expects === 'doubles')
    return account.doubled > 0 ? [] : ['the negative control shows no doubles: this harness sees nothing']
  const faults = zeros.filter((kind) => account[kind] > 0).map((kind) => `${kind}: ${account[kind]}`)
  const { raw, ...slots } = account.accounted
  const out = Object.values(slots).reduce((sum, count) => sum + count, 0)
  const unaccounted = raw === out ? [] : [`${raw} records went in, ${out} are accounted for`]
  return [...faults, ...unaccounted, ...(faults.length > 0 ? account.examples : [])]
}

/** `4000 = 3500 + 180 + 280 + 40`: translated, unsupported, dead letters, skipped. */
function accountedText({ raw, translated, unsupported, deadLetters, skipped }: Account['accounted']): string {
  const out = translated + unsupported + deadLetters + skipped
  return `${raw} ${raw === out ? '=' : '!='} ${translated} + ${unsupported} + ${deadLetters} + ${skipped}`
}
