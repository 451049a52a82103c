// `npm run recordings`: what a terminal shows of an audit, of dead letters and of a replay, recorded by running them on a
// Kafka of its own, with made-up calls and the stand-in API. Out: the blocks between `<!-- recording NAME -->` and
// `<!-- end -->` in README.md.
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../src/clock.ts'
import { demoApiKey, demoConfigText, demoTopics } from '../src/demo/demo-config.ts'
import { findFreePorts } from '../src/demo/kafka-port.ts'
import { provideKafka } from '../src/demo/provide-kafka.ts'
import { sampleCalls } from '../src/demo/sample-calls.ts'
import { startStandInApi } from '../src/demo/stand-in-api.ts'
import { createKafkajsBroker } from '../src/kafka/kafkajs-broker.ts'
import { silentLog } from '../src/ops/log.ts'

const count = 20_000
const partitions = 4
const refusedEvent = 'trial started'

const folder = await mkdtemp(join(tmpdir(), 'trackbridge-recordings-'))
const kafka = await provideKafka({ env: process.env, onProgress: (line) => console.error(line) })
const api = await startStandInApi({
  clock: systemClock,
  random: Math.random,
  apiKey: demoApiKey,
  requestsPerSecond: 1_000,
  keep: 200_000,
  faults: { rejectEvents: [refusedEvent] },
})
try {
  await writeConfig()
  await run(['topics', 'apply'])
  await feed()
  await runUntilDone()
  await writeReadme(await record())
} finally {
  await api.close()
  await kafka.stop()
  await rm(folder, { recursive: true })
}

async function writeConfig(): Promise<void> {
  const [healthPort = 0] = await findFreePorts(1)
  const topics = demoTopics('trackbridge', 'ours')
  const text = demoConfigText({ brokers: kafka.brokers, apiUrl: api.url, healthPort, prefix: 'trackbridge', topics })
  await writeFile(join(folder, 'trackbridge.yaml'), text)
}

async function feed(): Promise<void> {
  const settings = {
    brokers: [...kafka.brokers],
    clientId: 'recordings',
    ssl: false,
    compression: 'lz4',
    connectionTimeoutMs: 5_000,
    requestTimeoutMs: 30_000,
  } as const
  const broker = createKafkajsBroker(settings, silentLog, systemClock)
  const producer = await broker.producer()
  const calls = [...sampleCalls({ seed: 7, count, startMs: systemClock.now() - count })]
  const { raw } = demoTopics('trackbridge', 'ours')
  for (let from = 0; from < calls.length; from += 1_000)
    await producer.send(
      calls.slice(from, from + 1_000).map(({ key, value }, index) => ({
        topic: raw,
        partition: broker.partitionForKey(key, partitions),
        key,
        value,
        timestamp: systemClock.now() - count + from + index,
        headers: {},
      })),
    )
  await producer.close()
}

/** `trackbridge run` until nothing more arrives at the API. */
async function runUntilDone(): Promise<void> {
  const running = start(['run', '--log-level', 'error'])
  for (let [before, quiet] = [-1, 0]; quiet < 8;) {
    await systemClock.sleep(1_000)
    const { accepted } = api.counters()
    quiet = accepted > 0 && accepted === before ? quiet + 1 : 0
    before = accepted
  }
  running.child.kill('SIGTERM')
  await running.ended
}

async function record(): Promise<Readonly<Record<string, string>>> {
  const audit = await shown([['audit']])
  const list = ['dead-letters', 'list']
  const letter = await lastLetter('rejected')
  const before = await shown([list, ['dead-letters', 'show', letter]])
  // Somebody has mended what the API refused.
  delete api.faults.rejectEvents
  const redrive = ['dead-letters', 'redrive', '--where', 'stage=sink']
  const after = await shown([[...redrive, '--dry-run'], redrive, redrive, list])
  const window = ['--name', 'spring', '--from', '-1d']
  const replay = await shown([
    ['replay', '--from', '-1d', '--filter', 'type=track', '--dry-run', '--no-samples'],
    ['replay', ...window, '--filter', 'type=track', '--rate', '4000'],
    ['replay', '--name', 'spring'],
  ])
  return { audit, 'dead-letters': `${before}\n${after}`, replay }
}

async function lastLetter(reason: string): Promise<string> {
  const lines = (await run(['dead-letters', 'export', '--where', `reason=${reason}`])).stdout.trim().split('\n')
  return String((JSON.parse(lines.at(-1) ?? '{}') as { letter?: unknown }).letter)
}

async function shown(commands: readonly (readonly string[])[]): Promise<string> {
  const texts: string[] = []
  for (const command of commands) {
    const { all, code } = await run(command)
    const words = command.map((word) => (/[ *=]/.test(word) && /[ *]/.test(word) ? `'${word}'` : word)).join(' ')
    texts.push(`$ npx trackbridge ${words}\n${all.trimEnd()}${code === 0 ? '' : `\n(exit code ${code})`}\n`)
  }
  return texts.join('\n').trimEnd()
}

interface Ended {
  readonly all: string
  readonly stdout: string
  readonly code: number | null
}

async function run(command: readonly string[]): Promise<Ended> {
  const ended = await start(command).ended
  console.error(`${command.join(' ')}: exit code ${ended.code}`)
  return ended
}

function start(command: readonly string[]) {
  const main = new URL('../src/main.ts', import.meta.url).pathname
  const env = { ...process.env, TRACKBRIDGE_CONFIG: join(folder, 'trackbridge.yaml') }
  const child = spawn(process.execPath, [main, ...command], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let [all, stdout] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    all += text
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (all += text))
  const { promise, resolve } = Promise.withResolvers<Ended>()
  child.on('close', (code) => resolve({ all, stdout, code }))
  return { child, ended: promise }
}

async function writeReadme(recordings: Readonly<Record<string, string>>): Promise<void> {
  const file = new URL('../README.md', import.meta.url)
  let text = await readFile(file, 'utf8')
  for (const [name, recording] of Object.entries(recordings)) {
    const block = new RegExp(`(<!-- recording ${name} -->\n)[\\s\\S]*?(\n<!-- end -->)`)
    if (!block.test(text)) throw new Error(`README.md has no block for the recording ${name}`)
    text = text.replace(block, (_, head: string, tail: string) => `${head}\n\`\`\`\n${recording}\n\`\`\`\n${tail}`)
  }
  await writeFile(file, text)
}
