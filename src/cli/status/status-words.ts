// Numbers and durations as /status shows them to people. Pure.

/** `1,234`. */
export const number = (value: number): string => value.toLocaleString('en-US')

/** `9.5 s`, `1 min 33 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds * 10) / 10} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`
}
