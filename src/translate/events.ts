// The parts that v1 and v2 bodies share: events, devices, delivery metrics -> facts of an operation.
import { describeJson, type JsonObject } from '../json.ts'
import { merge, without } from './attributes.ts'
import { isCallObject, type CallKey, type CallObject } from './call-object.ts'
import type { Device } from './operation.ts'
import { invalid, isFault, unsupported, type Fault } from './fault.ts'
import { parseTime, readTime } from './timestamps.ts'
import { idText, readAttributes, readId, readName, readOptionalId } from './values.ts'

/** Where a body stands: `at` is put before field names in faults. */
export interface Body {
  readonly body: CallObject
  readonly at: string
}

/** The call's own time: `timestamp`, else `_timestamp`, which may also stand among the `attributes`. */
export function readOwnTime({ body, at }: Body, attributes?: CallObject): number | undefined | Fault {
  const timestamp = readTime(body.timestamp, at, 'timestamp')
  const second = body._timestamp === undefined ? attributes?._timestamp : body._timestamp
  return timestamp ?? readTime(second, at, '_timestamp')
}

/** Name, attributes, time and own id of an event, page or screen. `documented`: the key this API version documents for
 *  the attributes; the other one is read as well, and where both have a key the documented one wins. */
export function readEvent(source: Body, documented: 'data' | 'attributes') {
  const { body, at } = source
  const name = readName(body.name, at, 'name')
  const data = readAttributes(body.data, at, 'data')
  const attributes = readAttributes(body.attributes, at, 'attributes')
  const timestampMs = readOwnTime(source)
  const eventId = body.id === '' ? undefined : readOptionalId(body.id, at, 'id')
  if (isFault(name)) return name
  if (isFault(data)) return data
  if (isFault(attributes)) return attributes
  if (isFault(timestampMs)) return timestampMs
  if (isFault(eventId)) return eventId
  const merged = documented === 'data' ? merge(attributes, data) : merge(data, attributes)
  return { name, attributes: merged, timestampMs, eventId }
}

const deviceKeys = { v1: ['id', 'token'], v2: ['token', 'id'] } as const

/** A device: token, platform, and everything else it carries as properties. `last_used` is the time of the call if the
 *  call has no other; a last_used that is not needed or no time stays a property. */
export function readDevice(source: Body, version: 'v1' | 'v2') {
  const { at } = source
  const device = source.body.device
  if (!isCallObject(device)) return invalid(`${at}device`, `must be an object, found ${describeJson(device)}`)
  const tokenKey = deviceKeys[version].find((key) => (device[key] ?? undefined) !== undefined) ?? deviceKeys[version][0]
  const token = readId(device[tokenKey], `${at}device.${tokenKey}`)
  const attributes = readAttributes(device.attributes, `${at}device.attributes`)
  const ownTimeMs = readOwnTime(source)
  if (isFault(token)) return token
  if (isFault(attributes)) return attributes
  if (isFault(ownTimeMs)) return ownTimeMs
  const lastUsedMs = ownTimeMs === undefined ? parseTime(device.last_used) : undefined
  const platform = typeof device.platform === 'string' && device.platform !== '' ? device.platform : undefined
  const taken: CallKey[] = [tokenKey, 'attributes']
  if (lastUsedMs !== undefined) taken.push('last_used')
  if (platform !== undefined) taken.push('platform')
  const found: Device = { token, platform }
  return {
    device: found,
    attributes: merge(without(device, taken), attributes),
    timestampMs: ownTimeMs ?? lastUsedMs,
  }
}

const metrics = ['delivered', 'opened', 'clicked', 'converted']
const recipientKeys = ['recipient', 'device_id', 'device_token'] as const

/** Report of a delivery metric -> properties of "Report Delivery Event". `metricField` is where the metric's name is. */
export function readDeliveryEvent(source: Body & { deliveryId: unknown; idField: string; metricField: CallKey }) {
  const { body, at, metricField } = source
  const deliveryId = readId(source.deliveryId, source.idField)
  const metric = readName(body[metricField], at, metricField)
  const details = readAttributes(body.attributes, at, 'attributes')
  const timestampMs = readOwnTime(source)
  if (isFault(deliveryId)) return deliveryId
  if (isFault(metric)) return metric
  if (isFault(details)) return details
  if (isFault(timestampMs)) return timestampMs
  const given = (key: CallKey): unknown => (details[key] === undefined ? body[key] : details[key]) ?? undefined
  const recipient = readRecipient(given, at)
  if (isFault(recipient)) return recipient
  if (!metrics.includes(metric)) return unsupported(`delivery metric ${metric.slice(0, 40)}`)
  const attributes: JsonObject = { deliveryId, metric, ...recipient, ...readMetricDetails(given) }
  return { attributes, timestampMs }
}

function readRecipient(given: (key: CallKey) => unknown, at: string): { recipient?: string } | Fault {
  const key = recipientKeys.find((name) => given(name) !== undefined)
  if (key === undefined) return {}
  const recipient = readId(given(key), `${at}${key}`)
  return isFault(recipient) ? recipient : { recipient }
}

// P types actionValue as a string; a number becomes its text, anything else passes as it came.
function readMetricDetails(given: (key: CallKey) => unknown): JsonObject {
  const actionValue = given('action_value') ?? given('actionValue')
  return { reason: given('reason'), href: given('href'), actionValue: idText(actionValue) ?? actionValue }
}
