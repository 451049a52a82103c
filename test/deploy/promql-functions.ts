// What PromQL's functions over a range of samples give, to the formulas of Prometheus 3: a range is open at its start,
// rates are extrapolated to its ends. In: the samples of one series. Out: a number, or nothing. Test support.

/** `at` in seconds. */
export interface Point {
  readonly at: number
  readonly value: number
}

export interface Range {
  readonly from: number
  readonly to: number
}

type OverRange = (points: readonly Point[], range: Range) => number | undefined

export const overRange: Readonly<Record<string, OverRange>> = {
  increase: (points, range) => increase(points, range),
  rate(points, range) {
    const grown = increase(points, range)
    return grown === undefined ? undefined : grown / (range.to - range.from)
  },
  deriv: (points) => slope(points),
}

function increase(points: readonly Point[], { from, to }: Range): number | undefined {
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined || points.length < 2) return undefined
  // A value below the one before: the counter began anew at 0.
  const resets = points.reduce(
    (sum, { value }, index) => (index > 0 && value < points[index - 1]!.value ? sum + points[index - 1]!.value : sum),
    0,
  )
  const grown = last.value - first.value + resets
  const sampled = last.at - first.at
  const between = sampled / (points.length - 1)
  const reach = (gap: number): number => (gap >= between * 1.1 ? between / 2 : gap)
  const toZero = grown > 0 && first.value >= 0 ? sampled * (first.value / grown) : Infinity
  return (grown * (sampled + Math.min(reach(first.at - from), toZero) + reach(to - last.at))) / sampled
}

/** Of the line through the points, by least squares. */
function slope(points: readonly Point[]): number | undefined {
  if (points.length < 2) return undefined
  const mean = (of: (point: Point) => number): number => points.reduce((sum, one) => sum + of(one), 0) / points.length
  const [at, value] = [mean((point) => point.at), mean((point) => point.value)]
  const covariance = mean((point) => (point.at - at) * (point.value - value))
  return covariance / mean((point) => (point.at - at) ** 2)
}
