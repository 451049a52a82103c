// The reasons of dead letters in plain words: what happened, what it means, what to do. Data; docs/dead-letters.md has the
// same table, held together by a test.

export interface ReasonText {
  readonly happened: string
  readonly means: string
  readonly todo: string
}

/** By the reason and who wrote the letter; on the unsupported topic the reason is the kind of call. */
export const reasonTexts = {
  'invalid (process)': {
    happened: 'the record is no well-formed call of the Track API',
    means: 'a field is missing, or is not what the API takes; the field and what was found are named in the message',
    todo: 'mend whoever makes the calls; mend this one by hand (export, redrive --from-file), or leave it',
  },
  'unreadable (process)': {
    happened: 'the value of the raw record cannot be read at all',
    means:
      'it is no JSON, or Avro whose schema the registry does not have; or raw.format or raw.call do not fit the topic',
    todo: 'look at the value; where the configuration was wrong, mend it and redrive',
  },
  'too_large (process)': {
    happened: 'the messages that the call becomes are larger than a destination topic accepts',
    means: 'a record of its own does not fit into max.message.bytes of the topic',
    todo: 'raise max.message.bytes of the destination topic and redrive',
  },
  'translation_failed (process)': {
    happened: 'the translation of the call threw: a fault of trackbridge',
    means: 'nothing is wrong with the call as far as is known; the message has the code of the fault',
    todo: 'report it with the call; redrive with a version that mends it',
  },
  'unreadable (sink)': {
    happened: 'the record on the destination topic is no message that can be sent',
    means: 'somebody else has written to the topic, or the message is Avro and no registry says how to read it',
    todo: 'find out who writes to the topic; where the registry was missing, configure it and redrive',
  },
  'too_large (sink)': {
    happened: 'the message is larger than the API takes, by its limits or by its own answer 413',
    means: 'it was not delivered, alone or in a batch',
    todo: 'where sink.limits were too low, raise them and redrive; else make the call smaller',
  },
  'rejected (sink)': {
    happened: 'the API refused the message for good, alone as well as in a batch',
    means: 'the answer says why; all others of its batch were delivered',
    todo: 'read the answer; mend what it names by hand (export, redrive --from-file), or leave it',
  },
  unsupported: {
    happened: 'Pipelines has no counterpart for this kind of call',
    means: 'the call is well-formed; trackbridge sets it aside rather than guess',
    todo: 'leave it, or redrive with a version that supports it (--unsupported)',
  },
} as const satisfies Readonly<Record<string, ReasonText>>

interface Reasoned {
  readonly reason: string
  readonly stage: string
}

/** For any letter; `isUnsupported`: of the unsupported topic. A reason that this version does not know says so. */
export function reasonText({ reason, stage }: Reasoned, isUnsupported: boolean): ReasonText {
  if (isUnsupported) return reasonTexts.unsupported
  const key = `${reason} (${stage})`
  const known = Object.hasOwn(reasonTexts, key) ? reasonTexts[key as keyof typeof reasonTexts] : undefined
  return known ?? unknownReason
}

const unknownReason: ReasonText = {
  happened: 'this version of trackbridge does not know the reason',
  means: 'another version wrote the letter',
  todo: 'read the message',
}
