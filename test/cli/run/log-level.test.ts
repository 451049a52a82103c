import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { followLevelSignal } from '../../../src/cli/run/log-level.ts'
import { silentLog, type Level } from '../../../src/ops/log.ts'

test('SIGUSR2 switches between debug and the level that was set, and others are told', () => {
  const signals = new EventEmitter()
  let level: Level = 'warn'
  const told: Level[] = []
  const log = { ...silentLog, level: () => level, setLevel: (next: Level) => void (level = next) }
  const unfollow = followLevelSignal(signals, log, (next) => void told.push(next))
  signals.emit('SIGUSR2')
  signals.emit('SIGUSR2')
  signals.emit('SIGUSR2')
  unfollow()
  signals.emit('SIGUSR2')
  expect([told, level]).toEqual([['debug', 'warn', 'debug'], 'debug'])
})
