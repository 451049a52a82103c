import { existsSync, readFileSync } from 'node:fs'
import { matchesGlob } from 'node:path'
import { expect, test } from 'vitest'
import { executableFlags } from '../support/executable-flags.ts'

interface Instruction {
  readonly name: string
  readonly rest: string
}

interface Stage {
  readonly base: string
  readonly name: string
  readonly instructions: readonly Instruction[]
}

const text = readFileSync('Dockerfile', 'utf8')

const instructions: readonly Instruction[] = text
  .split('\n')
  .filter((line) => !/^\s*(#|$)/.test(line))
  .join('\n')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .map((line) => ({ name: line.split(' ')[0] ?? '', rest: line.slice(line.indexOf(' ') + 1) }))

const stages: readonly Stage[] = instructions.reduce<Stage[]>((all, instruction) => {
  if (instruction.name === 'FROM') {
    const [base = '', , name = ''] = instruction.rest.split(' ')
    return [...all, { base, name, instructions: [] }]
  }
  const last = all.at(-1)
  if (last === undefined) throw new Error('an instruction before FROM')
  return [...all.slice(0, -1), { ...last, instructions: [...last.instructions, instruction] }]
}, [])
const last = stages.at(-1)
const inLast = (name: string): readonly string[] =>
  (last?.instructions ?? []).filter((found) => found.name === name).map(({ rest }) => rest)
const execForm = (rest: string): unknown => JSON.parse(rest)

test('the image is built of instructions that are known, on images with a version and without a host', () => {
  const known = 'FROM WORKDIR COPY RUN ARG LABEL ENV USER EXPOSE STOPSIGNAL HEALTHCHECK ENTRYPOINT CMD'.split(' ')
  expect(instructions.map(({ name }) => name).filter((name) => !known.includes(name))).toStrictEqual([])
  expect(stages.map(({ base, name }) => [base, name])).toStrictEqual([
    ['node:24-slim', 'build'],
    ['node:24-slim', 'dependencies'],
    ['node:24-slim', ''],
  ])
})

test('the image starts node as process 1, with the flags of the executable', () => {
  expect(inLast('ENTRYPOINT').map(execForm)).toStrictEqual([['node', ...executableFlags, '/app/dist/main.js']])
  expect(inLast('CMD').map(execForm)).toStrictEqual([['run']])
  expect(inLast('STOPSIGNAL')).toStrictEqual(['SIGTERM'])
})

test('the image runs as a user that is not root, told by number, and runs nothing as root before', () => {
  expect(inLast('USER')).toStrictEqual(['1000:1000'])
  expect(inLast('RUN')).toStrictEqual([])
})

test('the image checks /live', () => {
  const [check = ''] = inLast('HEALTHCHECK')
  const [, command = ''] = check.split('CMD ')
  expect(execForm(command)).toStrictEqual(['node', '-e', expect.stringContaining("'http://127.0.0.1:8080/live'")])
})

test('what the image holds comes from stages that are there, and its labels are those of OCI', () => {
  const from = inLast('COPY').flatMap((rest) => [...rest.matchAll(/--from=(\w+)/g)].map(([, stage]) => stage))
  expect(from).toStrictEqual(['dependencies', 'build'])
  const labels = [
    ...inLast('LABEL')
      .join(' ')
      .matchAll(/([\w.]+)=/g),
  ].map(([, key]) => key)
  expect(labels).toStrictEqual(
    ['title', 'description', 'licenses', 'version', 'revision'].map((key) => `org.opencontainers.image.${key}`),
  )
})

test('secrets and ports: nothing secret is an ARG or ENV, and the one port is that of the configuration', () => {
  const names = instructions.filter(({ name }) => name === 'ARG' || name === 'ENV').map(({ rest }) => rest)
  expect(names).toStrictEqual([expect.stringMatching(/^VERSION=/), 'REVISION=unknown', 'NODE_ENV=production'])
  expect(inLast('EXPOSE')).toStrictEqual(['8080'])
})

test('the label of the version is that of the package', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  expect(inLast('ARG')[0]).toBe(`VERSION=${version}`)
})

const ignored = readFileSync('.dockerignore', 'utf8')
  .split('\n')
  .filter((line) => !/^(#|$)/.test(line))

test('what is copied into the image exists and reaches the builder, and nothing else does', () => {
  const copied = instructions
    .filter(({ name, rest }) => name === 'COPY' && !rest.startsWith('--from'))
    .flatMap(({ rest }) => rest.split(' ').slice(0, -1))
  expect(copied.filter((path) => !existsSync(path))).toStrictEqual([])
  const [everything, ...allowed] = ignored
  expect(everything).toBe('*')
  expect(allowed.map((line) => line.slice(1)).toSorted()).toStrictEqual([...new Set(copied)].toSorted())
  expect(allowed.some((line) => matchesGlob('.env', line.slice(1)))).toBe(false)
})

test('packages are installed from the lock file, without scripts', () => {
  const runs = instructions.filter(({ name }) => name === 'RUN').map(({ rest }) => rest)
  expect(runs).toStrictEqual([
    'npm ci --ignore-scripts',
    'npm run build',
    'npm ci --ignore-scripts --omit=dev && npm uninstall --ignore-scripts --omit=dev --no-save testcontainers',
  ])
})
