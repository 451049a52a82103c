// Headers of a record, whether they have been decoded or not. Pure.

/** Keys may repeat, so headers are pairs. */
export type Header = readonly [key: string, value: Buffer | null]

/** Headers as they came, decoded when somebody asks for them: nobody looks at those of most records. */
export interface EncodedHeaders {
  readonly byteLength: number
  decode(): readonly Header[]
}

export type RecordHeaders = readonly Header[] | EncodedHeaders

/** The headers in order, e.g. `[['tb-src', <raw:3:17:0>]]`. */
export const headersOf = ({ headers }: { readonly headers: RecordHeaders }): readonly Header[] =>
  'decode' in headers ? headers.decode() : headers
