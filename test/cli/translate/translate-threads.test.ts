import { describe, expect, test } from 'vitest'
import { runCommand } from '../run/run-command.ts'
import { runMain } from '../start-main.ts'

const call = (id: number) => `{"method":"PUT","path":"/api/v1/customers/${id}","body":{"plan":"pro"}}`

describe('translate --threads', () => {
  test.each(['0', '65', '1.5', '-1', 'two'])('ends with 2 for %s threads', async (threads) => {
    const { exitCode, stderr } = await runCommand(['translate', `--threads=${threads}`], {})
    expect([exitCode, stderr.split('\n')[0]]).toEqual([
      2,
      `error: option '--threads <n>' argument '${threads}' is invalid. Allowed: whole numbers from 1 to 64.`,
    ])
  })

  test('prints the same with one thread and with three', async () => {
    const calls = Array.from({ length: 40_000 }, (_, index) => `${call(index)}\n`).join('')
    const [one, three] = await Promise.all(
      ['1', '3'].map((threads) =>
        runMain(['translate', '--received-at', '2023-08-24T14:15:22.000Z', '--threads', threads], calls),
      ),
    )
    expect([one?.exitCode, one?.stdout.split('\n').length]).toEqual([0, 40_001])
    expect([three?.exitCode, three?.stderr, three?.stdout === one?.stdout]).toEqual([0, '', true])
  })
})
