// What the log really writes goes to the process's own stderr, so each case is a process of its own.
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

const log = new URL('../../src/ops/log.ts', import.meta.url).href

/** Lines on stderr of a process that runs `say` with a log; their times are left out. */
function linesOf(options: object, say: string): readonly Record<string, unknown>[] {
  const script = `import { createLog } from ${JSON.stringify(log)}; const log = createLog(${JSON.stringify(options)}); ${say}`
  const { stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  expect(status, stderr).toBe(0)
  return stderr
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { time, ...rest } = JSON.parse(line) as { time: string }
      expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      return rest
    })
}

const json = { level: 'info', format: 'json' }

test('a line is JSON with the level in words, its fields and a fixed message', () => {
  expect(linesOf(json, `log.child({ engine: 'sink' }).warn({ waiting: 3 }, 'waits')`)).toEqual([
    { level: 'warn', engine: 'sink', waiting: 3, msg: 'waits' },
  ])
})

test('lines below the level are not written, and a changed level holds for children that exist', () => {
  const say = `const child = log.child({ a: 1 })
    child.debug({}, 'one'); log.setLevel('debug'); child.debug({}, 'two')
    log.setLevel('error'); child.warn({}, 'three'); log.error({}, 'four')
    log.setLevel('silent'); child.error({}, 'five')`
  expect(linesOf(json, say)).toEqual([
    { level: 'debug', a: 1, msg: 'two' },
    { level: 'error', msg: 'four' },
  ])
})

test('the id of a person is hashed, in fields and in those of a child, and is shown only where that is wanted', () => {
  const say = `log.child({ person: '42' }).info({}, 'of a child'); log.info({ person: Buffer.from('42') }, 'of a line')`
  const person = 'sha256:73475cb40a56'
  expect(linesOf(json, say)).toEqual([
    { level: 'info', person, msg: 'of a child' },
    { level: 'info', person, msg: 'of a line' },
  ])
  expect(linesOf({ ...json, personIds: true }, say)).toEqual([
    { level: 'info', person: '42', msg: 'of a child' },
    { level: 'info', person: '42', msg: 'of a line' },
  ])
})

test('secrets are censored wherever they stand', () => {
  const say = `log.info({ apiKey: 'x', sasl: { username: 'me', password: 'x' }, headers: { authorization: 'x' } }, 'connects')`
  expect(linesOf(json, say)).toEqual([
    {
      level: 'info',
      apiKey: '***',
      sasl: { username: 'me', password: '***' },
      headers: { authorization: '***' },
      msg: 'connects',
    },
  ])
})

test('a warning that repeats is written twenty times in a minute, another one all the same, and infos are not counted', () => {
  const say = `for (let i = 0; i < 30; i++) { log.child({ i }).warn({}, 'again'); log.info({}, 'goes on') } log.warn({}, 'other')`
  const lines = linesOf(json, say)
  const count = (msg: string): number => lines.filter((line) => line['msg'] === msg).length
  expect([count('again'), count('goes on'), count('other')]).toEqual([20, 30, 1])
})

test('nothing of the log goes to stdout, and pretty lines are for people', () => {
  const script = `import { createLog } from ${JSON.stringify(log)}
    createLog({ level: 'info', format: 'pretty' }).child({ worker: 2 }).info({ person: '42' }, 'started')`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], NO_COLOR: '1' },
  })
  expect([stdout, stderr.replace(/^\[[\d:.]+\]/, '')]).toEqual([
    '',
    ' INFO: worker 2: started\n    person: "sha256:73475cb40a56"\n',
  ])
})
