// Numbers and names as the demo prints them. Pure.

const format = new Intl.NumberFormat('en-US')

/** `12,345` */
export const grouped = (count: number): string => format.format(count)

/** `1 call`, `12,345 calls` */
export const plural = (count: number, noun: string): string => `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`

const segmenter = new Intl.Segmenter()

/** The first `length` characters at most, the last of them an ellipsis where something was cut. */
export function shorten(text: string, length: number): string {
  if (text.length <= length) return text
  // No character that is worth showing has more than 20 code units; the rest of a long text is not looked at.
  const characters = Array.from(segmenter.segment(text.slice(0, length * 20)), ({ segment }) => segment)
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`
}

/** Lines of about `width` characters, broken after commas only. */
export function wrapAfterCommas(text: string, width: number): readonly string[] {
  const lines: string[] = []
  for (const part of text.split(/(?<=,)/)) {
    const last = lines.at(-1)
    if (last === undefined || last.length + part.length > width) lines.push(part)
    else lines[lines.length - 1] = last + part
  }
  return lines
}
