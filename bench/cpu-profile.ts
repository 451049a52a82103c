// A CPU profile as `node --cpu-prof` writes it -> self times by function and by area of the program. Pure.

interface CallFrame {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
}

/** The part of a .cpuprofile that is read. Times are microseconds. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: CallFrame
    readonly children?: readonly number[]
  }[]
  /** Node ids, one for each sample. */
  readonly samples: readonly number[]
  /** Time from the sample before, or from the start, to each sample. */
  readonly timeDeltas: readonly number[]
}

export interface SelfTime {
  /** `toRecord`; anonymous functions bear their line, `(anonymous):31`, and native ones their caller, `(native) in compress`. */
  readonly name: string
  /** `src/processor/topology.ts`, `kafkajs/src/protocol/encoder.js`; empty for what is no file. */
  readonly file: string
  readonly area: string
  readonly milliseconds: number
  /** Of the time in which the thread was not idle. */
  readonly busyPercent: number
}

const areas: readonly (readonly [area: string, file: RegExp])[] = [
  ['translate', /^src\/(translate|records)\/|^src\/json\.ts|^src\/processor\/(topology|routing|partitioner)/],
  ['engine', /^src\/processor\//],
  ['codec', /^src\/kafka\/(wire\/|.*(codec|compress|crc|record|batch))|^(lz4-napi|snappyjs|@node-rs\/crc32)\//],
  ['session', /^src\/kafka\/.*(session|transaction|txn|commit|coordinator|produce)/],
  ['Kafka adapter', /^src\/kafka\//],
  ['kafkajs', /^kafkajs\//],
  ['sink', /^src\/sink\//],
  ['HTTP', /^undici\//],
  ['start-up', /^node:internal\/(modules|main|bootstrap|deps\/(amaro|cjs-module-lexer))/],
  ['Node', /^node:/],
  ['benchmark', /^bench\//],
]

/** Self times, the longest first. Idle time is left out. */
export function selfTimes(profile: CpuProfile): readonly SelfTime[] {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]))
  const callers = new Map(
    profile.nodes.flatMap(({ callFrame, children = [] }) => children.map((id) => [id, callFrame])),
  )
  const found = new Map<string, Omit<SelfTime, 'busyPercent'>>()
  for (const [index, id] of profile.samples.entries()) {
    const frame = frames.get(id)
    if (frame === undefined || frame.functionName === '(idle)') continue
    // A sample holds until the next one.
    const milliseconds = (profile.timeDeltas[index + 1] ?? 0) / 1000
    const place = placeOf(frame, callers.get(id))
    const key = `${place.name} ${place.file}`
    found.set(key, { ...place, milliseconds: (found.get(key)?.milliseconds ?? 0) + milliseconds })
  }
  const busy = [...found.values()].reduce((sum, { milliseconds }) => sum + milliseconds, 0)
  return [...found.values()]
    .map((self) => ({ ...self, busyPercent: busy === 0 ? 0 : (100 * self.milliseconds) / busy }))
    .toSorted((a, b) => b.milliseconds - a.milliseconds)
}

/** Percent of the busy time by area, the largest first. */
export function areaPercents(times: readonly SelfTime[]): readonly (readonly [area: string, percent: number])[] {
  const sums = new Map<string, number>()
  for (const { area, busyPercent } of times) sums.set(area, (sums.get(area) ?? 0) + busyPercent)
  return [...sums].toSorted(([, a], [, b]) => b - a)
}

type Place = Pick<SelfTime, 'name' | 'file' | 'area'>

function placeOf({ functionName, url, lineNumber }: CallFrame, caller: CallFrame | undefined): Place {
  const file = shortFile(url)
  // Functions of add-ons have neither name nor file.
  if (functionName === '' && file === '' && caller !== undefined) {
    const { name, file: callerFile } = placeOf(caller, undefined)
    return { name: `(native) in ${name}`, file: callerFile, area: 'native' }
  }
  const name = functionName || `(anonymous):${lineNumber + 1}`
  return { name, file, area: areaOf(name, file) }
}

function areaOf(name: string, file: string): string {
  if (name === '(garbage collector)') return 'gc'
  if (file === '') return 'native'
  return areas.find(([, pattern]) => pattern.test(file))?.[0] ?? 'other'
}

// file:///somewhere/src/a.ts -> src/a.ts; .../node_modules/kafkajs/src/b.js -> kafkajs/src/b.js
function shortFile(url: string): string {
  const inPackage = url.split('/node_modules/').at(-1)
  if (inPackage !== undefined && inPackage !== url) return inPackage
  return /\/((?:src|bench)\/.*)$/.exec(url)?.[1] ?? url
}
