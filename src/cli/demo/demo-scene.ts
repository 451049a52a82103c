// Everything the demo runs on, opened one after the other: a Kafka, the stand-in API, topics, the two engines as `run`
// starts them, an independent reader, a producer. In: the context. Out: the scene; each part is told and knows its end.
import { randomBytes } from 'node:crypto'
import { environment, parseConfig } from '../../config/load.ts'
import type { Config } from '../../config/schema.ts'
import { demoApiKey, demoConfigText, demoTopics, type DemoTopics } from '../../demo/demo-config.ts'
import { findFreePorts } from '../../demo/kafka-port.ts'
import { provideKafka, type ProvidedKafka } from '../../demo/provide-kafka.ts'
import { createLiveArea, logAside, type Screen } from '../../demo/screen.ts'
import { waitFor, type Stage } from '../../demo/stage.ts'
import { startStandInApi, type StandInApi } from '../../demo/stand-in-api.ts'
import { startTopicReader } from '../../demo/topic-reader.ts'
import type { Broker } from '../../kafka/broker.ts'
import type { Log } from '../../ops/log.ts'
import { unlessAborted, type CliContext } from '../context.ts'
import { createDemoTopics, readerGroup } from './demo-topics.ts'
import { runEngines } from '../run/engines.ts'
import { connectionSettings } from '../kafka-settings.ts'
import { openProcessorEngine, type ProcessorEngine } from '../run/processor-engine.ts'
import { openSinkEngine, type SinkEngine } from '../run/sink-engine.ts'

export interface Scene {
  readonly kafka: ProvidedKafka
  readonly config: Config
  readonly stage: Stage
}

/** Closes what was opened, the last first. */
export interface Closing {
  add(close: () => Promise<unknown>): void
  /** Closes everything, whatever fails; rejects with the first fault. */
  closeAll(): Promise<void>
}

interface SceneOptions {
  readonly screen: Screen
  readonly log: Log
  readonly calls: number
}

/** Documented limit of the API: 3,000 requests in 3 seconds. */
const apiRequestsPerSecond = 1_000

const kindTexts = {
  external: 'yours, by KAFKA_BROKERS',
  docker: 'in Docker, for this run',
  embedded: "Apache's own, for this run",
} as const satisfies Record<ProvidedKafka['kind'], string>

/** Resolves when everything runs and the consumer groups have formed. What is open by then is in `closing`, also when
 *  it rejects. */
export async function openScene(context: CliContext, options: SceneOptions, closing: Closing): Promise<Scene> {
  const { screen } = options
  const { signal, clock } = context
  const say = (line: string): void => screen.print(`   ${line}`)
  const kafka = await provideKafka({ env: environment(), onProgress: say, signal })
  closing.add(() => kafka.stop())
  signal.throwIfAborted()
  screen.printMarked('ok', `Kafka: ${kafka.brokers.join(',')} (${kindTexts[kafka.kind]})`)
  const api = await openApi(context, options)
  closing.add(() => api.close())
  screen.printMarked('ok', `API: ${api.url} (the stand-in: strict mode, the documented limits)`)
  const { config, topics } = await demoSettings(kafka, api)
  const live = createLiveArea(screen, clock)
  const log = logAside(options.log, live)
  const broker = await context.createBroker(connectionSettings(config.kafka), log, clock)
  await createDemoTopics(broker, config, context)
  screen.printMarked('ok', `topics: ${Object.values(topics).join(', ')}`)
  const failure = new AbortController()
  const fail = (error: unknown): void => failure.abort(error)
  const stageSignal = AbortSignal.any([signal, failure.signal])
  const { processor, sink } = await openEngines({ ...context, log, broker, closing, fail }, config)
  const reader = await startTopicReader(broker, {
    group: readerGroup(config),
    topics: Object.values(topics),
    sessionTimeoutMs: config.kafka.sessionTimeoutMs,
  })
  closing.add(() => reader.close())
  reader.ended.catch(fail)
  const producer = await unlessAborted(stageSignal, broker.producer())
  closing.add(() => producer.close())
  const stage: Stage = {
    screen,
    live,
    clock,
    signal: stageSignal,
    broker,
    producer,
    api,
    reader,
    topics,
    processed: () => processor.status().counts,
    delivered: () => deliveredBy(sink),
  }
  // The reader has joined after the sink, so the sink's group has most likely formed as well.
  await waitFor(stage, () => processor.status().joined && reader.joined(), 'the consumer groups to form')
  screen.printMarked('ok', 'trackbridge run: processor and sink, exactly once; groups have formed')
  return { kafka, config, stage }
}

/** An empty `Closing`. */
export function createClosing(): Closing {
  const closers: (() => Promise<unknown>)[] = []
  return {
    add: (close) => void closers.push(close),
    async closeAll() {
      const faults: unknown[] = []
      for (const close of closers.splice(0).toReversed()) await close().catch((error: unknown) => faults.push(error))
      if (faults.length > 0) throw faults[0]
    },
  }
}

function openApi({ clock }: CliContext, { calls }: SceneOptions): Promise<StandInApi> {
  return startStandInApi({
    clock,
    random: Math.random,
    apiKey: demoApiKey,
    requestsPerSecond: apiRequestsPerSecond,
    // A call becomes fewer messages than that: none is forgotten.
    keep: 10_000 + calls * 4,
  })
}

async function demoSettings(kafka: ProvidedKafka, api: StandInApi): Promise<{ config: Config; topics: DemoTopics }> {
  const prefix = `trackbridge-demo-${randomBytes(4).toString('hex')}`
  const topics = demoTopics(prefix, kafka.kind === 'external' ? 'shared' : 'ours')
  const [healthPort = 0] = await findFreePorts(1)
  const text = demoConfigText({ brokers: kafka.brokers, apiUrl: api.url, healthPort, prefix, topics })
  return { config: parseConfig(text, { path: 'the configuration of the demo', env: {} }), topics }
}

interface EngineParts extends CliContext {
  readonly log: Log
  readonly broker: Broker
  readonly closing: Closing
  /** To be called when an engine cannot go on. */
  readonly fail: (error: unknown) => void
}

/** Starts both engines as `run` does. */
async function openEngines(
  { log, broker, clock, closing, fail }: EngineParts,
  config: Config,
): Promise<{ processor: ProcessorEngine; sink: SinkEngine }> {
  const deps = { broker, clock, log }
  const stop = new AbortController()
  const processor = Promise.withResolvers<ProcessorEngine>()
  const sink = Promise.withResolvers<SinkEngine>()
  const running = runEngines({
    config,
    log,
    signal: stop.signal,
    start: [
      () => opened(processor, openProcessorEngine(deps, config)),
      () => opened(sink, openSinkEngine(deps, config)),
    ],
  })
  closing.add(async () => {
    stop.abort()
    await running
  })
  running.catch(fail)
  const both = Promise.all([processor.promise, sink.promise])
  const [firstEngine, secondEngine] = await Promise.race([both, running.then(() => both)])
  return { processor: firstEngine, sink: secondEngine }
}

async function opened<T>({ resolve }: PromiseWithResolvers<T>, opening: Promise<T>): Promise<T> {
  const engine = await opening
  resolve(engine)
  return engine
}

function deliveredBy(sink: SinkEngine): ReturnType<Stage['delivered']> {
  const [only] = sink.status()
  return only?.counters ?? { delivered: 0, rejected: 0, requests: 0, retries: 0, inFlight: 0, bufferedBytes: 0 }
}
