// snappyjs 0.7 has no types of its own. A Buffer in gives a Buffer out.
declare module 'snappyjs' {
  export function compress(bytes: Buffer): Buffer
  export function uncompress(bytes: Buffer): Buffer
}
