// Settings of one node of a test cluster: two listeners, quick to notice a death. In: the ports of all nodes. Out:
// server.properties as a plain object. Test support.
import { singleBrokerSettings, type BrokerSettings } from '../../src/demo/broker-settings.ts'

export interface NodePorts {
  /** Of the listener that is what it says. */
  readonly direct: number
  /** Where the broker listens that clients are to reach through the proxy, and where that proxy listens. */
  readonly behindProxy: number
  readonly proxy: number
  readonly controller: number
}

// All is allowed until a scenario says otherwise of a topic. For a single node only: several cannot load their first rules
// before they have elected a controller, and may not elect one before that.
const authorizer: BrokerSettings = {
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'allow.everyone.if.no.acl.found': 'true',
}

const address = (port: number): string => `127.0.0.1:${port}`

/** Settings of the node at `index`; its id is one more. With three nodes every topic has three replicas, two of which
 *  must be in sync. */
export function clusterNodeSettings(nodes: readonly NodePorts[], index: number): BrokerSettings {
  const own = nodes[index]
  if (own === undefined) throw new Error(`no node ${index} among ${nodes.length}`)
  const copies = String(nodes.length)
  const inSync = nodes.length === 1 ? '1' : '2'
  return {
    ...singleBrokerSettings({
      listeners: `PROXIED://${address(own.behindProxy)},DIRECT://${address(own.direct)},CONTROLLER://${address(own.controller)}`,
      advertised: `PROXIED://${address(own.proxy)},DIRECT://${address(own.direct)}`,
      controller: address(own.controller),
      names: ['PROXIED', 'DIRECT'],
    }),
    'node.id': String(index + 1),
    'controller.quorum.voters': nodes.map(({ controller }, node) => `${node + 1}@${address(controller)}`).join(','),
    'default.replication.factor': copies,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': copies,
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': copies,
    'share.coordinator.state.topic.min.isr': inSync,
    ...(nodes.length === 1 ? authorizer : {}),
    // Defaults: 9 s until a dead broker is noticed, 10 s between two looks for transactions that have timed out.
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    'controller.quorum.fetch.timeout.ms': '1000',
    'controller.quorum.election.timeout.ms': '500',
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': '1000',
  }
}
