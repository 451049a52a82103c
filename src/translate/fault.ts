// Why a call, or a part of it, did not become messages. Faults travel as values through the translation, so that no path
// can throw.

/** A well-formed call that Pipelines has no counterpart for; `reason` names the kind, e.g. "form submission". */
export interface Unsupported {
  readonly outcome: 'unsupported'
  readonly reason: string
}

/** Not a well-formed Track call; `field` is where, e.g. "body.cio_relationships[0].identifiers". */
export interface Invalid {
  readonly outcome: 'invalid'
  readonly field: string
  readonly reason: string
}

export type Fault = Unsupported | Invalid

// Faults are known by identity: no JSON of a user can look like one. (A mark inside would do as well, but to look for it in
// objects of ever other shapes takes V8 five times as long, and every value on the way is asked.)
const fault = {}

export function unsupported(reason: string): Unsupported {
  return mark({ outcome: 'unsupported', reason })
}

/** `found` describes the value, `allowed` what would be right: both go into the reason. */
export function invalid(field: string, reason: string): Invalid {
  return mark({ outcome: 'invalid', field, reason })
}

export function isFault(value: unknown): value is Fault {
  return typeof value === 'object' && value !== null && Object.prototype.isPrototypeOf.call(fault, value)
}

function mark<T extends Fault>(value: T): T {
  return Object.assign(Object.create(fault) as T, value)
}
