import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { createProgram } from '../../src/cli/program.ts'
import type { CliContext } from '../../src/cli/context.ts'
import { parseConfig } from '../../src/config/load.ts'
import { errorCodes } from '../../src/errors.ts'

const readme = readFileSync('README.md', 'utf8')
const section = (title: string): string => readme.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? ''
const firstCells = (text: string): string[] => [...text.matchAll(/^\|\s*`([^`]+)`/gm)].map(([, cell]) => cell ?? '')

test('README documents every error code and no other', () => {
  const documented = [...section('Error codes').matchAll(/^\|\s*`(TB_\w+)`\s*\|\s*(.*?)\s*\|/gm)].map(
    ([, code]) => code,
  )
  expect(documented).toStrictEqual(Object.keys(errorCodes))
})

test('README documents every command and no other', () => {
  const program = createProgram({
    output: { write: () => undefined, writeError: () => undefined },
  } as unknown as CliContext)
  const commands = program.commands.map((command) => command.name()).toSorted()
  const documented = new Set(firstCells(section('Commands')).map((cell) => cell.split(' ')[0] ?? ''))
  expect([...documented].toSorted()).toStrictEqual(commands)
})

test('CI runs the commands that README gives a newcomer', () => {
  const ci = readFileSync('.ci/run', 'utf8')
  expect(readme).toContain('npm ci && npm test ')
  expect(readme).toContain('npm ci && npm run demo')
  expect(ci).toMatch(/^npm ci$/m)
  expect(ci).toMatch(/^npm test\b/m)
})

test("README's configuration is valid", () => {
  const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(readme) ?? []
  const text = yaml.replace(/^ {3}/gm, '')
  const config = parseConfig(text, { env: { CIO_API_KEY: 'key' }, path: 'trackbridge.yaml' })
  expect(config.destinations.map(({ name, topic }) => [name, topic])).toStrictEqual([
    ['customerio', 'cio.pipelines.customerio'],
  ])
})

test('README links only to headings and files that exist', () => {
  const slugs = [...readme.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  )
  const links = [...readme.matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => target)
  const broken = links.filter((target) =>
    target.startsWith('#') ? !slugs.includes(target.slice(1)) : !existsSync(target),
  )
  expect(links.length).toBeGreaterThan(5)
  expect(broken).toStrictEqual([])
})

test('the compose file starts the Kafka version of the embedded broker', () => {
  const compose = parse(readFileSync('docker-compose.yml', 'utf8')) as {
    services: Record<string, { image: string; environment: Record<string, string> }>
  }
  const pom = readFileSync('deploy/embedded-kafka/pom.xml', 'utf8')
  const [, version] = /<kafka\.version>([^<]+)</.exec(pom) ?? []
  expect(compose.services.kafka?.image).toBe(`apache/kafka:${version}`)
  expect(compose.services.demo?.environment.KAFKA_BROKERS).toBe('kafka:9092')
})
