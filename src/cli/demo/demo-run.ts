// The demo from its first line to its last: sets the scene, has the story told, takes the scene down again, also on
// Ctrl-C and after a fault. In: the context. Out: text. The scene is demo-scene.ts, the story src/demo/demo.ts.
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { tellStory, type StoryOptions } from '../../demo/demo.ts'
import type { Screen } from '../../demo/screen.ts'
import type { Log } from '../../ops/log.ts'
import type { CliContext } from '../context.ts'
import { createClosing, openScene, type Scene } from './demo-scene.ts'

export interface DemoOptions extends Omit<StoryOptions, 'places'> {
  readonly screen: Screen
  readonly log: Log
}

/** Resolves at the end of the story; rejects with the signal's reason, or with what could not start or go on. */
export async function runDemo({ signal, ...context }: CliContext, options: DemoOptions): Promise<void> {
  const { screen } = options
  const closing = createClosing()
  const onAbort = (): void => screen.print('\nending trackbridge, the API and Kafka')
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    screen.heading('trackbridge turns Track calls into Pipelines messages: see it work.')
    screen.heading('1. Starting Kafka, a stand-in for the Pipelines API, and trackbridge')
    const scene = await openScene({ ...context, signal }, options, closing)
    await tellStory(scene.stage, { ...options, places: placesOf(scene) })
  } finally {
    signal.removeEventListener('abort', onAbort)
    await closing.closeAll()
  }
}

function placesOf({ kafka, config, stage: { topics, api } }: Scene): StoryOptions['places'] {
  const { http } = config
  return {
    brokers: kafka.brokers,
    ownKafka: kafka.kind !== 'external',
    topics,
    apiUrl: api.url,
    healthUrl: http === false ? '' : `http://${http.host}:${http.port}/ready`,
    // The command may be run in any directory.
    kafkajs: dirname(createRequire(import.meta.url).resolve('kafkajs/package.json')),
  }
}
