import { WriteStream } from 'node:tty'
import { describe, expect, test } from 'vitest'
import { createOutput } from '../../src/cli/output.ts'
import { recordingStream } from './run/run-command.ts'

function recordingOutput(options: Parameters<typeof recordingStream>[0] = {}) {
  const [stdout, stderr] = [recordingStream(options), recordingStream(options)]
  let brokenPipes = 0
  const output = createOutput({ stdout: stdout.stream, stderr: stderr.stream, onBrokenPipe: () => void brokenPipes++ })
  return { output, stdout, stderr, brokenPipes: () => brokenPipes }
}

/** What an output on such a stream knows of its size. */
function screenOf(stream: object) {
  const stdout = Object.assign(recordingStream().stream, stream)
  return createOutput({ stdout, stderr: recordingStream().stream, onBrokenPipe: () => undefined }).screen()
}

describe('output', () => {
  test('prints results on stdout and errors on stderr, without colours where there is no terminal', async () => {
    const { output, stdout, stderr } = recordingOutput()
    output.print('plain')
    output.printJson({ a: [1] })
    output.printMarked('ok', 'Kafka: reached')
    output.printMarked('warning', 'topic: old\nmend it')
    output.printMarked('failed', 'API: refused')
    output.printMarked('skipped', 'group: not checked')
    output.printError('error TB_USAGE: what is wrong\n  and more')
    await output.flush()
    expect(stdout.text()).toBe(
      'plain\n{\n  "a": [\n    1\n  ]\n}\n✓ Kafka: reached\n! topic: old\n    mend it\n✗ API: refused\n- group: not checked\n',
    )
    expect(stderr.text()).toBe('error TB_USAGE: what is wrong\n  and more\n')
  })

  test('colours marks and the head of an error in a terminal', async () => {
    const { output, stdout, stderr } = recordingOutput({ isTTY: true })
    output.printMarked('ok', 'Kafka')
    output.printError('error TB_USAGE: what is wrong')
    await output.flush()
    expect([stdout.text(), stderr.text()]).toEqual([
      '\u001B[32m✓\u001B[39m Kafka\n',
      '\u001B[31merror TB_USAGE:\u001B[39m what is wrong\n',
    ])
  })

  test('shows no colours in a terminal when NO_COLOR is set', async () => {
    const colourDepth = WriteStream.prototype.getColorDepth({ NO_COLOR: '1', TERM: 'xterm-256color' })
    const { output, stdout } = recordingOutput({ isTTY: true, colourDepth })
    output.printMarked('ok', 'Kafka')
    await output.flush()
    expect(stdout.text()).toBe('✓ Kafka\n')
  })

  test('tells apart what is a terminal and what is not', () => {
    const [stdout, stderr] = [recordingStream({ isTTY: true }), recordingStream()]
    const output = createOutput({ stdout: stdout.stream, stderr: stderr.stream, onBrokenPipe: () => undefined })
    expect([output.isTerminal, output.errorsAreTerminal]).toEqual([true, false])
  })

  test('knows the size of a terminal that tells it', () => {
    expect([
      screenOf({ isTTY: true, rows: 24, columns: 80 }),
      screenOf({ isTTY: true, rows: 0, columns: 0 }),
      screenOf({ isTTY: true }),
      screenOf({}),
    ]).toEqual([{ rows: 24, columns: 80 }, undefined, undefined, undefined])
  })

  test('ends quietly when the reader of stdout is gone', () => {
    const { stdout, stderr, brokenPipes } = recordingOutput()
    stdout.stream.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
    stderr.stream.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
    expect([brokenPipes(), stderr.text()]).toEqual([1, ''])
  })

  test('does not hide other faults of stdout', () => {
    const { stdout, brokenPipes } = recordingOutput()
    const full = Object.assign(new Error('write ENOSPC'), { code: 'ENOSPC' })
    expect(() => stdout.stream.emit('error', full)).toThrow('ENOSPC')
    expect(brokenPipes()).toBe(0)
  })

  test('lets a long result wait until its reader keeps up', async () => {
    const { stream } = recordingStream()
    stream.pause()
    const output = createOutput({ stdout: stream, stderr: recordingStream().stream, onBrokenPipe: () => undefined })
    let isWritten = false
    const written = output.writeSteadily('x'.repeat(1_000_000)).then(() => (isWritten = true))
    await new Promise((resolve) => setImmediate(resolve))
    expect(isWritten).toBe(false)
    stream.resume()
    await written
    expect([isWritten, stream.listenerCount('drain'), stream.listenerCount('close')]).toEqual([true, 0, 0])
  })

  test('waits no longer for a reader that is gone', async () => {
    const { stream } = recordingStream()
    stream.pause()
    const output = createOutput({ stdout: stream, stderr: recordingStream().stream, onBrokenPipe: () => undefined })
    const written = output.writeSteadily('x'.repeat(1_000_000))
    stream.destroy()
    await expect(written).resolves.toBeUndefined()
    await expect(output.writeSteadily('x'.repeat(1_000_000))).resolves.toBeUndefined()
  })

  test('paints text in a terminal only, and rewrites its status on one line', async () => {
    const [terminal, plain] = [recordingOutput({ isTTY: true }), recordingOutput()]
    expect(terminal.output.paint('bold', 'a')).toBe('\u001B[1ma\u001B[22m')
    expect(plain.output.paint('bold', 'a')).toBe('a')
    terminal.output.printStatus('1 %')
    terminal.output.printStatus('')
    await terminal.output.flush()
    expect(terminal.stderr.text()).toBe('\r1 %\u001B[K\r\u001B[K')
  })

  test('is flushed even when its stream is gone', async () => {
    const { output, stdout } = recordingOutput()
    stdout.stream.destroy()
    await expect(output.flush()).resolves.toBeUndefined()
  })
})
