import { describe, expect, test } from 'vitest'
import { createLiveArea, logAside, type Screen } from '../../src/demo/screen.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createRecordingLog } from '../support/recording-log.ts'

function open({ canRedraw }: { canRedraw: boolean }) {
  const written: string[] = []
  const screen: Screen = {
    canRedraw,
    print: (text) => void written.push(`${text}\n`),
    heading: (text) => void written.push(text),
    printMarked: (mark, text) => void written.push(`${mark} ${text}`),
    write: (text) => void written.push(text),
  }
  const clock = createFakeClock()
  return { written, clock, area: createLiveArea(screen, clock) }
}

const drawing = (count: number) => () => ({ table: [`count ${count}`, 'second line'], line: `count: ${count}` })

// Lines are cut, not wrapped, while the table is drawn.
const table = (count: number) => ['\u001B[?7l', `count ${count}\nsecond line\n`, '\u001B[?7h']
const up = '\u001B[2A\u001B[J'

describe('the live area on a terminal', () => {
  test('is drawn twice a second over what it drew before', () => {
    const { written, clock, area } = open({ canRedraw: true })
    area.update(drawing(1))
    clock.advance(499)
    area.update(drawing(2))
    clock.advance(1)
    area.update(drawing(3))
    expect(written).toEqual([...table(1), up, ...table(3)])
  })

  test('is left standing at the end, with the last counts', () => {
    const { written, area } = open({ canRedraw: true })
    area.update(drawing(1))
    area.finish(drawing(2))
    area.update(drawing(3))
    expect(written).toEqual([...table(1), up, ...table(2), ...table(3)])
  })

  test('makes way for log lines and is drawn again below them', () => {
    const { written, clock, area } = open({ canRedraw: true })
    const { log, lines } = createRecordingLog()
    area.update(drawing(1))
    logAside(log, area).child({}).warn({ topic: 't' }, 'something')
    expect(lines).toEqual([{ level: 'warn', fields: { topic: 't' }, message: 'something' }])
    clock.advance(500)
    area.update(drawing(2))
    expect(written).toEqual([...table(1), up, ...table(2)])
  })
})

describe('the live area anywhere else', () => {
  test('is a plain line every 2 seconds and one at the end', () => {
    const { written, clock, area } = open({ canRedraw: false })
    area.update(drawing(1))
    clock.advance(1_999)
    area.update(drawing(2))
    clock.advance(1)
    area.update(drawing(3))
    clock.advance(100)
    area.finish(drawing(4))
    expect(written).toEqual(['count: 3\n', 'count: 4\n'])
  })
})
