// Is it alive, is it ready? In: what the parts of a process say of themselves. Out: the answers of /live and /ready.
// No I/O and no clock: http-server.ts serves these answers.
import type { Answer, Routes } from './http-server.ts'

/** One part of the process, e.g. `{name: 'sink customerio', ready: false, why: 'the API refuses the key (401)'}`. */
interface Part {
  readonly name: string
  readonly ready: boolean
  /** Why it is not ready, or what trouble it has though it is; empty when all is well. */
  readonly why: string
}

export interface Readiness {
  readonly ready: boolean
  readonly parts: readonly Part[]
}

/** How one part says how it is. */
export interface PartHealth {
  /** `trouble`: what passes by itself but keeps it from its work for now. */
  ready(trouble?: string): void
  /** `why` is for an operator: what is wrong or awaited, without secrets. */
  notReady(why: string): void
  /** The part has ended and counts no more. */
  remove(): void
}

export interface Health {
  /** Registers a part, not ready at first (`why`: "starting"). Names are unique: a second registration takes over. */
  part(name: string): PartHealth
  /** Ready when there is a part and every part is ready. Parts stand in the order of their registration. */
  readiness(): Readiness
}

/** State of one process; whoever runs engines creates it and hands each its part. */
export function createHealth(): Health {
  const parts = new Map<string, Part>()
  return {
    part(name) {
      const say = (ready: boolean, why: string): void => void parts.set(name, { name, ready, why })
      say(false, 'starting')
      return {
        ready: (trouble = '') => say(true, trouble),
        notReady: (why) => say(false, why),
        remove: () => void parts.delete(name),
      }
    },
    readiness() {
      const all = [...parts.values()]
      return { ready: all.length > 0 && all.every(({ ready }) => ready), parts: all }
    },
  }
}

/** `/live`: 200 while the process answers at all. `/ready`: 200 or 503, with every part and why. */
export function healthRoutes(health: Health): Routes {
  return {
    '/live': () => jsonAnswer(200, { live: true }),
    '/ready': () => {
      const readiness = health.readiness()
      return jsonAnswer(readiness.ready ? 200 : 503, readiness)
    },
  }
}

/** A JSON answer. */
export const jsonAnswer = (status: number, body: unknown): Answer => ({
  status,
  contentType: 'application/json; charset=utf-8',
  body: JSON.stringify(body),
})
