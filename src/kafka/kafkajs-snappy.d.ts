// kafkajs-snappy 1.1.0 brings no types.
declare module 'kafkajs-snappy' {
  const createCodec: () => {
    compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>
    decompress(bytes: Buffer): Promise<Buffer>
  }
  export default createCodec
}
