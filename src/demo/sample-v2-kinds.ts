// Kinds of v2 calls for the sample (mapping.md, "v2 operations"): type and action say what is meant. Pure.
import { ulid } from 'ulid'
import type { Draw, SamplePerson } from './sample-draw.ts'
import type { BareEntity, HttpCall, SampleKind } from './sample-kind.ts'
import { attributes, eventData, recentSeconds } from './sample-v1-kinds.ts'

type BuildEntity = (draw: Draw, person: SamplePerson) => BareEntity

const call = (name: 'entity' | 'batch', body: unknown): HttpCall => ({
  method: 'POST',
  path: `/api/v2/${name}`,
  body,
})

const kind = (name: string, weight: number, build: BuildEntity): SampleKind => ({
  name: `v2 ${name}`,
  weight,
  becomes: 'translated',
  build: (draw, person) => call('entity', build(draw, person)),
})

const identify: BuildEntity = (draw, person) => ({
  type: 'person',
  action: 'identify',
  identifiers: draw.pick<object>([{ id: person.id }, { email: person.email }, { cio_id: `cio_${person.cioId}` }]),
  attributes: attributes(draw, person),
})

const event: BuildEntity = (draw, { id }) => ({
  type: 'person',
  action: 'event',
  identifiers: { id },
  name: draw.pick(['purchase', 'cart_abandoned', 'Ünïcödé']),
  ...(draw.chance(0.5) ? { id: ulid(draw.atMs, () => draw.random()) } : {}),
  timestamp: recentSeconds(draw),
  attributes: eventData(draw),
})

const related: BuildEntity = (_draw, { company }) => ({ identifiers: { object_type_id: '1', object_id: company } })

const onObject = (action: string, { company }: SamplePerson, rest: object): BareEntity => ({
  type: 'object',
  action,
  identifiers: { object_type_id: '1', object_id: company },
  ...rest,
})

const onPerson = (action: string, { id }: SamplePerson, rest: object): BareEntity => ({
  type: 'person',
  action,
  identifiers: { id },
  ...rest,
})

/** Properties of about so many bytes. */
const bulky = (draw: Draw, bytes: number): object => ({ ...eventData(draw), note: 'ä'.repeat(bytes / 2) })

export const v2Kinds: readonly SampleKind[] = [
  kind('identify', 90, identify),
  kind('event', 110, event),
  kind('page', 30, (draw, person) => onPerson('page', person, { name: '/pricing', attributes: eventData(draw) })),
  kind('screen', 20, (_draw, person) => onPerson('screen', person, { name: 'Basket' })),
  kind('add relationships', 20, (draw, person) =>
    onPerson('add_relationships', person, { cio_relationships: [related(draw, person)] }),
  ),
  kind('delete relationships', 8, (draw, person) =>
    onPerson('delete_relationships', person, { cio_relationships: [related(draw, person)] }),
  ),
  kind('add device', 15, (draw, person) =>
    onPerson('add_device', person, {
      device: { token: `token-${person.id}`, platform: draw.pick(['ios', 'android']) },
    }),
  ),
  kind('suppress', 5, (_draw, person) => onPerson('suppress', person, {})),
  kind('merge', 5, (_draw, { id, cioId }) => ({
    type: 'person',
    action: 'merge',
    primary: { id },
    secondary: { cio_id: `cio_old${cioId}` },
  })),
  kind('object identify', 30, (draw, person) =>
    onObject('identify', person, {
      attributes: { seats: draw.below(1000), name: person.company.toUpperCase() },
      cio_relationships: [{ identifiers: { id: person.id } }],
    }),
  ),
  kind('object event', 15, (draw, person) =>
    onObject('event', person, { name: 'seat_added', attributes: eventData(draw) }),
  ),
  kind('object delete', 5, (_draw, person) => onObject('delete', person, {})),
  kind('delivery event', 15, (draw, { id }) => ({
    type: 'delivery',
    action: 'event',
    identifiers: { id: `dgOq${id}` },
    name: draw.pick(['delivered', 'clicked']),
    timestamp: recentSeconds(draw),
    attributes: { recipient: `token-${id}` },
  })),
  {
    name: 'v2 batch',
    weight: 30,
    becomes: 'translated',
    build: (draw, person) =>
      call('batch', {
        batch: [identify, event, event].slice(0, 2 + draw.below(2)).map((build) => build(draw, person)),
      }),
  },
  {
    name: 'v2 batch with one bad entity',
    weight: 3,
    becomes: 'translated',
    build: (draw, person) => call('batch', { batch: [event(draw, person), { type: 'person', action: 'identify' }] }),
  },
  { name: 'bare v2 entity', weight: 20, becomes: 'translated', build: event },
  // Just below Track's limit; with its envelope the message is above 32 KB, so that it goes to the API alone (sink.md).
  kind('large event', 2, (draw, person) =>
    onPerson('event', person, { name: 'large', attributes: bulky(draw, 31_800) }),
  ),
]
