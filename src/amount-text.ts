// Amounts as people read them: durations, bytes, counts. Pure.

const units = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1_000, 'second'],
] as const

/** `7 days`, `90 minutes`, `1500 ms`: the largest unit that fits without a rest. */
export function durationText(durationMs: number): string {
  const unit = units.find(([unitMs]) => durationMs >= unitMs && durationMs % unitMs === 0)
  return unit === undefined ? `${durationMs} ms` : counted(durationMs / unit[0], unit[1])
}

/** `1 partition`, `3,000 partitions`. */
export const counted = (count: number, noun: string): string => `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`

/** `1,048,588`. */
export function grouped(count: number): string {
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ',')
}
