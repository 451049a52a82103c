import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ownSchema } from '../../src/schemas/own-schemas.ts'

const { fields } = JSON.parse(ownSchema('PipelinesMessage')) as {
  readonly fields: readonly { readonly name: string }[]
}
const columns = fields.map(({ name }) => name)

const textOf = (name: string): string => readFileSync(new URL(`../../deploy/examples/${name}`, import.meta.url), 'utf8')

/** What the head of an example says of the columns, which is on several lines of a comment. */
function listed(text: string): readonly string[] {
  const [, list = ''] = /Columns of a message: ([^.]+)\./.exec(text) ?? []
  return list.match(/\w+/g) ?? []
}

test.each([
  ['PipelinesConsumer.java', /message\.get\("(\w+)"\)/g],
  ['pipelines_consumer.py', /message\["(\w+)"\]/g],
])('the example consumer %s lists the columns of the schema, and reads no other', (name, reading) => {
  const text = textOf(name)
  expect(listed(text)).toEqual(columns)
  const read = [...text.matchAll(reading)].map(([, column]) => column)
  expect(read).toEqual(['type', 'messageId', 'userId', 'payload'])
  expect(read.filter((column) => !columns.includes(column ?? ''))).toEqual([])
})
