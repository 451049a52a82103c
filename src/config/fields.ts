// Kinds of values that several keys of the configuration share: in zod, out zod. Each one carries its description, and
// its own sentence of what is allowed wherever the bounds alone would not say it. Ruled by product.md, "Configuration".
import { z } from 'zod'

const address = String.raw`(?:\[[0-9a-fA-F:]+\]|[a-zA-Z0-9._-]+):[0-9]{1,5}`
const addressPattern = new RegExp(`^${address}$`)
const brokerListPattern = new RegExp(`^\\s*${address}\\s*(?:,\\s*${address}\\s*)*$`)

const brokersAllowed = 'a list of host:port, or one text with commas between them'

/** Brokers as a list or as one text: `['a:9092', 'b:9092']` and `'a:9092, b:9092'` both give the list. */
export const brokerList = (description: string) =>
  z
    .union(
      [
        z.array(pattern(addressPattern, 'host:port, as in kafka-1.example.org:9092')).min(1),
        z
          .string()
          .regex(brokerListPattern, { error: brokersAllowed })
          .transform((list) => list.split(',').map((broker) => broker.trim())),
      ],
      { error: brokersAllowed },
    )
    .describe(description)

/** Text that is not empty. */
export const text = (description: string) => z.string().min(1).describe(description)

/** Text of one form; `allowed` says which. */
export const pattern = (form: RegExp, allowed: string) => z.string({ error: allowed }).regex(form, { error: allowed })

/** A whole number within `[least, most]`, both included. */
export const wholeNumber = (description: string, [least, most]: readonly [number, number]) =>
  z.int().min(least).max(most).describe(description)

/** A share of a whole, e.g. 0.2 for a fifth. */
export const share = (description: string) =>
  z
    .number({ error: shareAllowed })
    .min(0, { error: shareAllowed })
    .max(1, { error: shareAllowed })
    .describe(description)

const shareAllowed = 'a number from 0 to 1, as in 0.2 for a fifth'

/** A whole number of milliseconds within `[least, most]`, both included. */
export const milliseconds = (description: string, bounds: readonly [number, number]) =>
  wholeNumber(`${description}, in milliseconds`, bounds)

/** A legal Kafka topic name. */
export const topicName = (description: string) =>
  pattern(
    /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/,
    'a topic name: letters, digits, ".", "_" and "-", at most 249',
  ).describe(description)

/** An http or https address of a proxy; user name and password may stand in it. */
export const proxyUrl = (description: string) =>
  pattern(/^https?:\/\/[^\s/?#]+\/?$/, proxyAllowed)
    .refine((url) => URL.canParse(url), { error: proxyAllowed })
    .describe(description)

const proxyAllowed = 'the http or https address of a proxy, as in http://gateway.example.org:3128'

/** An http or https address without user name, query or fragment. */
export const httpUrl = (description: string, allowed: string) =>
  pattern(/^https?:\/\/[^\s/?#@]+(?:\/[^\s?#]*)?$/, allowed)
    .refine((url) => URL.canParse(url), { error: allowed })
    .describe(description)
