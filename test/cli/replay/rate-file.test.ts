import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { followRateFile, readRateFile } from '../../../src/cli/replay/rate-file.ts'
import { createPace } from '../../../src/replay/pace.ts'
import { createFakeClock, runUntil } from '../../support/fake-clock.ts'
import { createRecordingLog } from '../../support/recording-log.ts'

function setUp(text: string) {
  const folder = mkdtempSync(join(tmpdir(), 'trackbridge-rate-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'rate')
  writeFileSync(path, text)
  const clock = createFakeClock()
  const { log, lines } = createRecordingLog()
  return { path, clock, log, lines, pace: createPace(clock, Infinity) }
}

test.each([
  ['500\n', 500, undefined],
  [' 0.5/s ', 0.5, undefined],
])('%j sets the rate to %d', async (text, rate) => {
  const { path, pace } = setUp(text)
  await readRateFile(path, pace)
  expect([pace.rate(), pace.held()]).toEqual([rate, undefined])
})

test('0 holds everything back', async () => {
  const { path, pace } = setUp('0')
  await readRateFile(path, pace)
  expect([pace.rate(), pace.held()]).toEqual([Infinity, `the rate in ${path} is 0`])
})

test.each(['', 'fast', '-1', '5/min'])('%j is refused at the start', async (text) => {
  const { path, pace } = setUp(text)
  await expect(readRateFile(path, pace)).rejects.toThrowError(
    `--rate-file ${path}: found ${JSON.stringify(text)}; allowed: events a second, as 500 or 500/s`,
  )
})

test('a file that is not there is refused at the start', async () => {
  const { path, pace } = setUp('')
  rmSync(path)
  await expect(readRateFile(path, pace)).rejects.toThrowError(/^--rate-file .*: ENOENT/)
})

test('changes count and are told; nonsense changes nothing and is told once', async () => {
  const { path, clock, log, lines, pace } = setUp('500')
  await readRateFile(path, pace)
  const stop = new AbortController()
  const following = followRateFile(path, { pace, clock, log }, stop.signal)
  writeFileSync(path, '20/s')
  await runUntil(clock, () => pace.rate() === 20)
  writeFileSync(path, 'none')
  await runUntil(clock, () => lines.length === 2)
  const before = clock.now()
  await runUntil(clock, () => clock.now() > before + 10_000)
  writeFileSync(path, '0')
  await runUntil(clock, () => pace.held() !== undefined)
  writeFileSync(path, '20')
  await runUntil(clock, () => pace.held() === undefined)
  stop.abort()
  await following
  expect([pace.rate(), lines.map(({ message, fields }) => [message, fields['eventsPerSecond']])]).toEqual([
    20,
    [
      ['the rate of the replay has changed', 20],
      ['the rate file cannot be read; the rate stays', undefined],
      ['the rate of the replay has changed', 0],
      ['the rate of the replay has changed', 20],
    ],
  ])
})
