// Whom the brokers take us for, from the settings of the connection: what stands in ACLs. Brokers may be set up to map
// names, so this is "as configured".
import { X509Certificate } from 'node:crypto'
import { adminTool, type Identity } from './access.ts'
import type { ConnectionSettings } from './connection.ts'

/** The identity of connections with these settings. */
export function identityOf({ brokers, ssl, sasl }: Pick<ConnectionSettings, 'brokers' | 'ssl' | 'sasl'>): Identity {
  return {
    principal: () => {
      if (sasl !== undefined) return sasl.mechanism === 'oauthbearer' ? sasl.principal() : `User:${sasl.username}`
      const cert = ssl === false ? undefined : ssl().cert
      return cert === undefined ? 'User:ANONYMOUS' : principalOfCertificate(cert)
    },
    tool: adminTool({ brokers, isSecured: ssl !== false || sasl !== undefined }),
  }
}

/** e.g. `User:CN=processor,O=dev`, as Java writes a certificate's subject; undefined for what is no certificate. */
export function principalOfCertificate(pem: string): string | undefined {
  try {
    // Node has the parts in the order of the certificate, a line each; Java writes the last one first.
    const parts = new X509Certificate(pem).subject.split('\n')
    return `User:${parts.toReversed().join(',')}`
  } catch {
    return undefined
  }
}
