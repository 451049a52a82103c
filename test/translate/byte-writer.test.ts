import { expect, test } from 'vitest'
import {
  closeInto,
  closeText,
  openText,
  writeAscii,
  writeBytes,
  writeJson,
  writeQuoted,
  writeSpan,
} from '../../src/translate/byte-writer.ts'

test('a text is made of ASCII, bytes, spans, quoted texts and JSON, in order', () => {
  openText()
  writeAscii('{"a":')
  writeQuoted('x "é" 漢')
  writeBytes(Buffer.from(',"b":'))
  writeSpan(Buffer.from('[é]'), 0, 4)
  writeAscii(',"c":')
  writeJson({ d: ['😀', null] })
  writeAscii('}')
  expect(closeText().toString()).toBe('{"a":"x \\"é\\" 漢","b":[é],"c":{"d":["😀",null]}}')
})

test('texts keep their bytes when others come after them, however long these are', () => {
  const texts = Array.from({ length: 300 }, (_, index) => `"${String(index).repeat((index * 37) % 5000)}"`)
  const long = `"${'é'.repeat(400_000)}"`
  const all = [...texts, long, ...texts]
  const written = all.map((text) => {
    openText()
    for (let at = 0; at < text.length; at += 100_000) writeBytes(Buffer.from(text.slice(at, at + 100_000)))
    return closeText()
  })
  expect(written.map((bytes) => bytes.toString()).every((text, index) => text === all[index])).toBe(true)
})

test('a text that was not closed leaves nothing behind', () => {
  openText()
  writeAscii('left')
  openText()
  writeAscii('kept')
  expect(closeText().toString()).toBe('kept')
})

test('a span says where the text stands', () => {
  const span = { bytes: Buffer.alloc(0), start: 0, end: 0 }
  openText()
  writeQuoted('text')
  closeInto(span)
  openText()
  writeAscii('other')
  expect(span.bytes.toString('utf8', span.start, span.end)).toBe('"text"')
})
