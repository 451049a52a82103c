import { expect, onTestFinished, test } from 'vitest'
import { TrackbridgeError, type ErrorCode } from '../../src/errors.ts'
import { patientAdmin } from '../../src/replay/patient-admin.ts'
import { createFakeClock, runUntil } from '../support/fake-clock.ts'
import { createMemoryBroker } from '../support/memory-broker.ts'

/** An admin that fails so many times, and what a call of it came to, with the seconds it took. */
async function ask(faults: number, code: ErrorCode = 'TB_KAFKA_UNAVAILABLE') {
  const clock = createFakeClock()
  const broker = createMemoryBroker()
  const admin = await broker.admin()
  onTestFinished(() => admin.close())
  let left = faults
  const groupCommits = async () => {
    if (left-- > 0) throw new TrackbridgeError(code, `fault ${left}`)
    return new Map()
  }
  const startMs = clock.now()
  let answer: string | undefined
  void patientAdmin({ ...admin, groupCommits }, clock, new AbortController().signal)
    .groupCommits('g', 'raw')
    .then(
      ({ size }) => (answer = `${size} commits`),
      (error: Error) => (answer = error.message),
    )
  await runUntil(clock, () => answer !== undefined)
  return [answer, (clock.now() - startMs) / 1_000]
}

test.each([
  [0, ['0 commits', 0]],
  [3, ['0 commits', 1.75]],
])('after %i faults that pass by themselves there is an answer', async (faults, expected) => {
  expect(await ask(faults)).toEqual(expected)
})

test('it gives up after half a minute, with the last fault', async () => {
  expect(await ask(1_000)).toEqual(['fault 989', 27.75])
})

test.each(['TB_KAFKA_UNAUTHORIZED', 'TB_KAFKA_REBALANCED', 'TB_KAFKA_FATAL'] as const)(
  '%s is told at once',
  async (code) => {
    expect(await ask(1, code)).toEqual(['fault 0', 0])
  },
)
