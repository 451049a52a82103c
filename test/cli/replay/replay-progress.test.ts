import { expect, test } from 'vitest'
import { createOutput } from '../../../src/cli/output.ts'
import { createProgressView } from '../../../src/cli/replay/replay-progress.ts'
import type { ReplayProgress } from '../../../src/replay/replay-watch.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { createRecordingLog } from '../../support/recording-log.ts'
import { recordingStream } from '../run/run-command.ts'

const progressAt = (next: number): ReplayProgress => ({
  partitions: [{ topic: 'raw', partition: 0, from: 0, to: 1_000, next, isDone: next === 1_000 }],
  offsets: 1_000,
  doneOffsets: next,
  isDone: next === 1_000,
})

const facts = { held: undefined, outcomes: { translated: 5 } }

/** What is shown of 30 seconds, with 10 offsets more at each. */
function shown({ isTTY, json }: { readonly isTTY: boolean; readonly json: boolean }) {
  const [stdout, stderr] = [recordingStream(), recordingStream({ isTTY })]
  const output = createOutput({ stdout: stdout.stream, stderr: stderr.stream, onBrokenPipe: () => undefined })
  const clock = createFakeClock()
  const { log } = createRecordingLog()
  const view = createProgressView({ output, clock, log }, { json })
  for (let second = 0; second <= 30; second++) {
    view.show(progressAt(second * 10), facts)
    clock.advance(1_000)
  }
  view.end()
  return { stdout: stdout.text(), stderr: stderr.text() }
}

test('away from a terminal there is a line every ten seconds, on stderr', () => {
  const { stdout, stderr } = shown({ isTTY: false, json: false })
  expect([stdout, stderr.split('\n')]).toEqual([
    '',
    [
      '10 %  100 of 1,000 offsets  10/s  ETA 1 min 30 s  translated 5',
      '20 %  200 of 1,000 offsets  10/s  ETA 1 min 20 s  translated 5',
      '30 %  300 of 1,000 offsets  10/s  ETA 1 min 10 s  translated 5',
      '',
    ],
  ])
})

test('with --json the lines are objects, in a terminal too', () => {
  for (const isTTY of [false, true]) {
    const lines = shown({ isTTY, json: true }).stderr.trim().split('\n')
    expect([lines.length, JSON.parse(lines[0] ?? '')]).toEqual([
      3,
      { event: 'progress', offsets: 1_000, doneOffsets: 100, perSecond: 10, held: null, outcomes: { translated: 5 } },
    ])
  }
})

test('in a terminal bars are drawn over the ones before, and are gone in the end', () => {
  const { stdout, stderr } = shown({ isTTY: true, json: false })
  expect([stdout, stderr.split('to go').length - 1]).toEqual(['', 31])
  expect(stderr).toContain('10 %  100 of 1,000 offsets  10/s  ETA 1 min 30 s  translated 5')
  expect(stderr.endsWith('\u001B[3A\u001B[J')).toBe(true)
})
