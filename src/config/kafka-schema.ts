// The section `kafka` of the configuration: the cluster, TLS, authentication. Rules that span keys: cross-checks.ts.
// Ruled by product.md, "Configuration", and docs/security.md.
import { z } from 'zod'
import { brokerList, httpUrl, milliseconds, pattern, text } from './fields.ts'

const rotated = 'read again for each connection'

const sslSchema = z
  .union(
    [
      z.boolean(),
      z.strictObject({
        ca: text('PEM text of the authority that signed the brokers; this or caFile').optional(),
        caFile: text(
          `PEM file of the authority that signed the brokers, ${rotated}; without it: the authorities that Node knows`,
        ).optional(),
        cert: text('PEM text of our own certificate, for mutual TLS; needs a key; this or certFile').optional(),
        certFile: text(
          `PEM file of our own certificate, for mutual TLS, ${rotated}; needs a key; this or cert`,
        ).optional(),
        key: text('PEM text of our own private key; this or keyFile').optional(),
        keyFile: text(`PEM file of our own private key, ${rotated}; this or key`).optional(),
        passphrase: text('passphrase of our key; this or passphraseFile').optional(),
        passphraseFile: text(`file that holds the passphrase of our key, ${rotated}; this or passphrase`).optional(),
        serverName: text("name expected in the brokers' certificates, where it is not their host").optional(),
      }),
    ],
    {
      error:
        'true, false, or a mapping with ca, caFile, cert, certFile, key, keyFile, passphrase, passphraseFile, serverName',
    },
  )
  .default(false)
  .describe('TLS to the brokers: false, true, or a mapping with certificates')

const extensionAllowed = 'texts without line breaks, under names of letters'

const saslSchema = z
  .discriminatedUnion('mechanism', [
    z.strictObject({
      mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).describe('how we prove who we are'),
      username: text('user name'),
      password: text('password; this or passwordFile').optional(),
      passwordFile: text(`file that holds the password, ${rotated}; this or password`).optional(),
    }),
    z.strictObject({
      mechanism: z.literal('oauthbearer').describe('a bearer token, from a file or from an authorisation server'),
      tokenFile: text(`file that holds the bearer token, ${rotated}; this or tokenUrl`).optional(),
      tokenUrl: httpUrl(
        'token endpoint of the authorisation server (OAuth 2.0 client credentials); this or tokenFile',
        'the http or https address of a token endpoint, without user name and query',
      ).optional(),
      clientId: text('client id, with tokenUrl').optional(),
      clientSecret: text('client secret, with tokenUrl; this or clientSecretFile').optional(),
      clientSecretFile: text('file that holds the client secret, read again for each token').optional(),
      scope: text('scope to ask for, with tokenUrl; several with blanks between them').optional(),
      extensions: z
        // Other characters would end the extension, and the rest would be read as further ones (RFC 7628).
        .record(z.string(), pattern(/^[\x20-\x7e\t]+$/, extensionAllowed))
        .refine((texts) => Object.keys(texts).every((name) => /^[A-Za-z]+$/.test(name)), { error: extensionAllowed })
        .optional()
        .describe('SASL extensions sent with the token, name to text, as some providers want them'),
    }),
    z.strictObject({
      mechanism: z.literal('aws-iam').describe('AWS MSK with IAM, by the package aws-msk-iam-sasl-signer-js'),
      region: text('AWS region of the cluster, e.g. eu-central-1'),
      profile: text(
        'profile of the AWS credentials file; absent: the default credentials of AWS; not with roleArn',
      ).optional(),
      roleArn: text('ARN of the role to take on first; absent: none').optional(),
    }),
  ])
  .optional()
  .describe('authentication at the brokers; absent: none')

/** The section `kafka`. */
export const kafkaSchema = z.strictObject({
  brokers: brokerList('brokers to begin with, each host:port: a list, or one text with commas'),
  clientId: text('name by which the brokers know us, in their logs and quotas').default('trackbridge'),
  ssl: sslSchema,
  sasl: saslSchema,
  prefix: pattern(/^[a-zA-Z0-9._-]{1,100}$/, 'letters, digits, ".", "_" and "-", at most 100')
    .default('trackbridge')
    .describe('group ids and transactional ids begin with this and a dot'),
  sessionTimeoutMs: milliseconds('after so long without a heartbeat a member counts as gone', [6_000, 300_000]).default(
    15_000,
  ),
  transactionTimeoutMs: milliseconds(
    "Kafka aborts a transaction that is open for longer; at most the brokers' transaction.max.timeout.ms",
    [5_000, 900_000],
  ).default(30_000),
  compression: z
    .enum(['lz4', 'gzip', 'snappy', 'zstd', 'none'])
    .default('lz4')
    .describe('of the batches that we write; all of them can be read'),
  connectionTimeoutMs: milliseconds('longest wait for a connection to a broker', [100, 120_000]).default(10_000),
  requestTimeoutMs: milliseconds("longest wait for a broker's answer", [1_000, 300_000]).default(30_000),
})
