// What a PromQL expression gives at a moment, over series that are known. It knows of the language what our alerts use,
// and throws at the rest. Held against promtool, where that is installed, by alerts.test.ts. Test support.
import { overRange, type Point } from './promql-functions.ts'
import { seconds, type Labels, type Series } from './promql-series.ts'
import { tokensOf } from './promql.ts'

export interface Sample {
  readonly labels: Labels
  readonly value: number
}

export type Vector = readonly Sample[]

/** Samples are `stepSeconds` apart, the first at 0. */
export interface Recorded {
  readonly series: readonly Series[]
  readonly stepSeconds: number
}

type Value = Vector | number
type Expression = (at: number) => Value

/** The value is as of the given second. */
export function createExpression(text: string, recorded: Recorded): (at: number) => Vector {
  const parser = createParser(tokensOf(text), recorded)
  const expression = parser.operation(0)
  parser.end()
  return (at) => vectorOf(expression(at))
}

const lookBackSeconds = 300

function vectorOf(value: Value): Vector {
  if (typeof value === 'number') throw new Error('a number stands where a vector is wanted')
  return value
}

const without = (labels: Labels, omitted: readonly string[]): Labels =>
  Object.fromEntries(Object.entries(labels).filter(([name]) => !omitted.includes(name)))

const only = (labels: Labels, names: readonly string[]): Labels =>
  Object.fromEntries(names.flatMap((name) => (labels[name] === undefined ? [] : [[name, labels[name]]])))

const keyOf = (labels: Labels): string =>
  JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))

const levels: readonly (readonly string[])[] = [
  ['or'],
  ['and', 'unless'],
  ['==', '!=', '>', '<', '>=', '<='],
  ['+', '-'],
  ['*', '/'],
]

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '>': (a, b) => a > b,
  '<': (a, b) => a < b,
  '>=': (a, b) => a >= b,
  '<=': (a, b) => a <= b,
}
const sums: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
}

/** `on`: undefined where all labels have to be the same. */
function combine(operator: string, left: Value, right: Value, on: readonly string[] | undefined): Value {
  const keyed = ({ labels }: Sample): string => keyOf(on === undefined ? labels : only(labels, on))
  if (['and', 'or', 'unless'].includes(operator)) {
    const known = new Set(vectorOf(right).map(keyed))
    if (operator !== 'or') return vectorOf(left).filter((one) => known.has(keyed(one)) === (operator === 'and'))
    const own = new Set(vectorOf(left).map(keyed))
    return [...vectorOf(left), ...vectorOf(right).filter((one) => !own.has(keyed(one)))]
  }
  if (typeof left === 'number') throw new Error(`a number stands left of ${operator}`)
  const others = typeof right === 'number' ? undefined : new Map(right.map((one) => [keyed(one), one.value]))
  return left.flatMap((one) => {
    const other = typeof right === 'number' ? right : others?.get(keyed(one))
    if (other === undefined) return []
    const compare = comparisons[operator]
    if (compare !== undefined) return compare(one.value, other) ? [one] : []
    const labels = on === undefined ? one.labels : only(one.labels, on)
    return [{ labels, value: sums[operator]?.(one.value, other) ?? Number.NaN }]
  })
}

const aggregations: Readonly<Record<string, (values: readonly number[]) => number>> = {
  sum: (values) => values.reduce((sum, one) => sum + one, 0),
  min: (values) => Math.min(...values),
  max: (values) => Math.max(...values),
  count: (values) => values.length,
}

function aggregate(name: string, by: readonly string[], vector: Vector): Vector {
  const groups = Map.groupBy(vector, ({ labels }) => keyOf(only(labels, by)))
  return [...groups.values()].map((group) => ({
    labels: only(group[0]?.labels ?? {}, by),
    value: aggregations[name]?.(group.map(({ value }) => value)) ?? Number.NaN,
  }))
}

interface Matcher {
  readonly label: string
  readonly operator: string
  readonly text: string
}

const matches = (labels: Labels, { label, operator, text }: Matcher): boolean => {
  const found = labels[label] ?? ''
  const isSame = operator.endsWith('~') ? new RegExp(`^(?:${text})$`).test(found) : found === text
  return operator.startsWith('!') ? !isSame : isSame
}

function createParser(tokens: readonly string[], { series, stepSeconds }: Recorded) {
  let next = 0
  const peek = (): string => tokens[next] ?? ''
  const take = (wanted?: string): string => {
    const token = tokens[next++] ?? ''
    if (wanted !== undefined && token !== wanted) throw new Error(`found ${token}, where ${wanted} is wanted`)
    return token
  }
  const list = <T>(close: string, item: () => T): readonly T[] => {
    const items: T[] = []
    while (peek() !== close) {
      items.push(item())
      if (peek() === ',') take()
    }
    take(close)
    return items
  }
  const names = (): readonly string[] => {
    take('(')
    return list(')', () => take())
  }
  const unquoted = (): string => take().slice(1, -1)

  const operation = (level: number): Expression => {
    const operators = levels[level]
    if (operators === undefined) return operand()
    let left = operation(level + 1)
    while (operators.includes(peek())) {
      const operator = take()
      const on = peek() === 'on' ? (take(), names()) : undefined
      const [before, right] = [left, operation(level + 1)]
      left = (at) => combine(operator, before(at), right(at), on)
    }
    return left
  }
  const operand = (): Expression => {
    if (peek() === '(') {
      take()
      const inner = operation(0)
      take(')')
      return inner
    }
    const word = take()
    if (/^[\d.]+$/.test(word)) return () => Number(word)
    if (word in aggregations) return aggregation(word)
    if (peek() === '(') return call(word)
    return instant(selector(word))
  }
  const aggregation = (name: string): Expression => {
    const by = peek() === 'by' ? (take(), names()) : []
    take('(')
    const inner = operation(0)
    take(')')
    return (at) => aggregate(name, by, vectorOf(inner(at)))
  }
  const call = (name: string): Expression => {
    take('(')
    if (name in overRange) return ranged(name)
    const inner = operation(0)
    if (name === 'absent') {
      take(')')
      return (at) => (vectorOf(inner(at)).length === 0 ? [{ labels: {}, value: 1 }] : [])
    }
    if (name !== 'label_replace') throw new Error(`what function is this? ${name}`)
    take(',')
    const [to = '', replacement = '', from = '', pattern = ''] = list(')', unquoted)
    const form = new RegExp(`^(?:${pattern})$`)
    return (at) =>
      vectorOf(inner(at)).map(({ labels, value }) => {
        const found = labels[from] ?? ''
        return { value, labels: form.test(found) ? { ...labels, [to]: found.replace(form, replacement) } : labels }
      })
  }
  const ranged = (name: string): Expression => {
    const chosen = selector(take())
    take('[')
    const long = seconds(take())
    take(']')
    take(')')
    return (at) =>
      chosen.flatMap((one) => {
        const value = overRange[name]?.(pointsOf(one, at - long, at), { from: at - long, to: at })
        return value === undefined ? [] : [{ labels: one.labels, value }]
      })
  }
  const selector = (name: string): readonly Series[] => {
    const matcher = (): Matcher => ({ label: take(), operator: take(), text: unquoted() })
    const matchers = peek() === '{' ? (take(), list('}', matcher)) : []
    return series.filter((one) => one.name === name && matchers.every((wanted) => matches(one.labels, wanted)))
  }
  const instant =
    (chosen: readonly Series[]): Expression =>
    (at) =>
      chosen.flatMap((one) => {
        const last = pointsOf(one, at - lookBackSeconds, at).at(-1)
        return last === undefined ? [] : [{ labels: without(one.labels, []), value: last.value }]
      })
  const pointsOf = ({ values }: Series, from: number, to: number): readonly Point[] =>
    values.flatMap((value, index) => {
      const at = index * stepSeconds
      return value === null || at <= from || at > to ? [] : [{ at, value }]
    })
  const end = (): void => {
    if (next < tokens.length) throw new Error(`${peek()} is too much`)
  }
  return { operation, end }
}
