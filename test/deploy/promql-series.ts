// Series as promtool's test files write them -> samples. In: `trackbridge_ready{part="kafka"}` and `1x3 _x2 0+5x10`. Out:
// labels, and a value a step; null where there is none. Test support.

export type Labels = Readonly<Record<string, string>>

export interface Series {
  readonly name: string
  readonly labels: Labels
  readonly values: readonly (number | null)[]
}

/** As in `input_series` of a test file. */
export interface WrittenSeries {
  readonly series: string
  readonly values: string
}

/** Throws for what it does not know. */
export function toSeries({ series, values }: WrittenSeries): Series {
  const [whole, name = '', inner = ''] = /^([a-z_]\w*)(?:\{(.*)\})?$/.exec(series) ?? []
  if (whole === undefined) throw new Error(`what series is this? ${series}`)
  const labels = Object.fromEntries([...inner.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]))
  return { name, labels, values: values.trim().split(/\s+/).flatMap(expand) }
}

const step = /^(?:_(?:x(?<missing>\d+))?|(?<first>-?[\d.]+)(?:(?<by>[+-][\d.]+)?x(?<times>\d+))?)$/

// `1x2` is 1 1 1: the value and two more; `_x2` is two that are missing.
function expand(text: string): readonly (number | null)[] {
  const { missing, first, by = '0', times = '0' } = step.exec(text)?.groups ?? {}
  if (first !== undefined)
    return Array.from({ length: Number(times) + 1 }, (_, index) => Number(first) + index * Number(by))
  if (!text.startsWith('_') || !step.test(text)) throw new Error(`what values are these? ${text}`)
  return Array.from({ length: Number(missing ?? 1) }, () => null)
}

/** `90s`, `10m`, `1h`, in seconds. */
export function seconds(duration: string): number {
  const [, amount, unit = ''] = /^(\d+)([smhd])$/.exec(duration) ?? []
  const perUnit: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 }
  const each = perUnit[unit]
  if (amount === undefined || each === undefined) throw new Error(`what duration is this? ${duration}`)
  return Number(amount) * each
}
