import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { parseConfig } from '../../src/config/load.ts'
import { processGroup } from '../../src/cli/group-names.ts'
import { sinkGroup } from '../../src/sink/sink.ts'
import { chartCases, chartDigest, renderChart, renderedFile, type ChartCase } from '../../scripts/chart.ts'

interface Container {
  readonly args: readonly string[]
  readonly image: string
  readonly securityContext: object
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
  readonly startupProbe: Probe
  readonly livenessProbe: Probe
  readonly readinessProbe: Probe
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string }
}

interface Resource {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> }
  readonly spec: {
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> }
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> }
      readonly spec: {
        readonly containers: readonly Container[]
        readonly securityContext: object
        readonly terminationGracePeriodSeconds: number
      }
    }
    readonly triggers: readonly { readonly metadata: Readonly<Record<string, string>> }[]
  }
  readonly data: Readonly<Record<string, string>>
}

const readRendered = (name: ChartCase): string => readFileSync(renderedFile(name), 'utf8')
const resourcesIn = (text: string): readonly Resource[] =>
  parseAllDocuments(text).map((document) => document.toJS() as Resource)
const resources = (name: ChartCase): readonly Resource[] => resourcesIn(readRendered(name))
const ofKind = (name: ChartCase, kind: string): readonly Resource[] =>
  resources(name).filter((resource) => resource.kind === kind)

const readJson = (path: string): object => JSON.parse(readFileSync(path, 'utf8')) as object
const kubernetes = new Ajv2020({ strict: false, validateFormats: false }).addSchema(
  readJson('test/deploy/schemas/kubernetes.json'),
  'kubernetes',
)
const faultsOf = (resource: Resource): unknown => {
  const validate = kubernetes.getSchema(`kubernetes#/$defs/${resource.kind}`)
  if (validate === undefined) return `no schema of ${resource.kind}`
  return validate(resource) === true ? [] : validate.errors
}

test.each(chartCases)('the rendering of %s is of the chart as it stands; else run node scripts/chart.ts', (name) => {
  expect(readRendered(name).split(':')[0]).toBe(`# ${chartDigest(name)}`)
})

const helm = process.env['HELM'] ?? 'helm'
const hasHelm = spawnSync(helm, ['version']).status === 0

// A skipped test fails a run: where helm is missing there is none.
test.each(hasHelm ? chartCases : [])('helm, where it is installed, renders %s as it is kept', (name) => {
  expect(resourcesIn(renderChart(name, helm))).toStrictEqual(resources(name))
})

test.each([
  ['default', ['ConfigMap', 'Deployment', 'PodDisruptionBudget', 'Service', 'ServiceAccount']],
  [
    'everything',
    'ConfigMap Deployment NetworkPolicy PodDisruptionBudget PrometheusRule ScaledObject Secret Service ServiceAccount ServiceMonitor'.split(
      ' ',
    ),
  ],
] as const)('Kubernetes and its operators take all of %s, each key included', (name, kinds) => {
  const all = resources(name)
  expect([...new Set(all.map(({ kind }) => kind))].toSorted()).toStrictEqual(kinds)
  expect(all.filter((resource) => JSON.stringify(faultsOf(resource)) !== '[]').map(faultsOf)).toStrictEqual([])
})

test('a key that Kubernetes does not know is a fault', () => {
  const [deployment] = ofKind('default', 'Deployment')
  const wrong = { ...deployment, spec: { ...deployment?.spec, replicaCount: 2 } } as unknown as Resource
  expect(JSON.stringify(faultsOf(wrong))).toContain('"additionalProperty":"replicaCount"')
})

const configOf = (name: ChartCase) => {
  const [map] = ofKind(name, 'ConfigMap')
  const path = '/etc/trackbridge/trackbridge.yaml'
  return parseConfig(map?.data['trackbridge.yaml'] ?? '', {
    path,
    env: { CIO_API_KEY: 'key', KAFKA_PASSWORD: 'password' },
  })
}

test.each([
  ['default', 8_080],
  ['everything', 9_100],
] as const)('trackbridge takes the configuration of %s and listens where the probes look', (name, port) => {
  expect(configOf(name).http).toStrictEqual({ host: '0.0.0.0', port })
  for (const { spec } of ofKind(name, 'Deployment')) {
    const [container] = spec.template.spec.containers
    expect(container?.ports).toStrictEqual([{ name: 'http', containerPort: port, protocol: 'TCP' }])
    expect(
      [container?.startupProbe, container?.livenessProbe, container?.readinessProbe].map((probe) => probe?.httpGet),
    ).toStrictEqual(['/live', '/live', '/ready'].map((path) => ({ path, port: 'http' })))
  }
})

test.each(chartCases)('pods of %s may do nothing and have time to end', (name) => {
  const pods = ofKind(name, 'Deployment').map(({ spec }) => spec.template.spec)
  expect(pods.map(({ containers }) => containers[0]?.args)).toStrictEqual(
    name === 'default' ? [['process'], ['sink']] : [['process'], ['sink', '--destination', 'customerio', 'warehouse']],
  )
  for (const pod of pods) {
    expect(pod.securityContext).toStrictEqual({
      runAsNonRoot: true,
      runAsUser: 1000,
      runAsGroup: 1000,
      fsGroup: 1000,
      seccompProfile: { type: 'RuntimeDefault' },
    })
    expect(pod.containers.map(({ securityContext }) => securityContext)).toStrictEqual([
      { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    ])
    expect(pod.terminationGracePeriodSeconds * 1000).toBeGreaterThan(configOf(name).shutdownTimeoutMs)
  }
})

test.each(chartCases)('every selector of %s finds the pods of its own leg', (name) => {
  const pods = ofKind(name, 'Deployment').map(({ spec }) => spec.template.metadata.labels)
  const selectors = resources(name)
    .filter(({ kind }) => ['Deployment', 'PodDisruptionBudget', 'Service'].includes(kind))
    .map(({ kind, metadata, spec }) => {
      const wanted =
        kind === 'Service' ? (spec.selector as unknown as Record<string, string>) : spec.selector.matchLabels
      const found = pods.filter((labels) => Object.entries(wanted).every(([key, value]) => labels[key] === value))
      return [metadata.labels['app.kubernetes.io/component'], found.map((pod) => pod['app.kubernetes.io/component'])]
    })
  expect(selectors.length).toBe(6)
  expect(selectors).toStrictEqual(selectors.map(([leg]) => [leg, [leg]]))
})

test('KEDA watches the groups and topics that trackbridge uses', () => {
  const config = configOf('everything')
  const watched = ofKind('everything', 'ScaledObject').flatMap(({ spec }) =>
    spec.triggers.map(({ metadata }) => [metadata['consumerGroup'], metadata['topic']]),
  )
  const { prefix, brokers } = config.kafka
  expect(watched).toStrictEqual([
    ...config.raw.topics.map((topic) => [processGroup(prefix), topic]),
    ...config.destinations.filter(({ sink }) => sink).map(({ name, topic }) => [sinkGroup(prefix, name), topic]),
  ])
  const [first] = ofKind('everything', 'ScaledObject')
  expect(first?.spec.triggers[0]?.metadata['bootstrapServers']).toBe(brokers.join(','))
})

test('the image of the chart is the version of the package', () => {
  const { version } = readJson('package.json') as { version: string }
  const { appVersion } = parse(readFileSync('deploy/helm/trackbridge/Chart.yaml', 'utf8')) as { appVersion: string }
  expect(appVersion).toBe(version)
})

const values = (path: string): object => parse(readFileSync(path, 'utf8'), { merge: true }) as object

test('the schema of the values takes those of the chart and of the test, and refuses unknown ones', () => {
  const validate = new Ajv({ strict: false }).compile(readJson('deploy/helm/trackbridge/values.schema.json'))
  const own = values('deploy/helm/trackbridge/values.yaml')
  expect(validate(own)).toBe(true)
  expect(validate({ ...own, ...values('test/deploy/chart/everything.values.yaml') })).toBe(true)
  expect(validate({ ...own, replicas: 2 })).toBe(false)
  expect(validate({ ...own, config: { ...configOf('default') } })).toBe(false)
})
