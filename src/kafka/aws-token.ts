// Bearer tokens for AWS MSK with IAM, by AWS's own signer package: an optional dependency, loaded when it is asked for.
// In: a region, and where the credentials come from. Out: one token a call; token-cache.ts keeps it.
import { TrackbridgeError } from '../errors.ts'
import type { IssuedToken } from './token-cache.ts'

export const signerPackage = 'aws-msk-iam-sasl-signer-js'

export interface AwsIdentity {
  readonly region: string
  /** Of the credentials file. Neither this nor `roleArn`: AWS's default credentials. */
  readonly profile?: string | undefined
  readonly roleArn?: string | undefined
}

/** What we use of the package; older versions of it give the token alone. */
export interface Signer {
  generateAuthToken(options: { region: string }): Promise<SignedToken>
  generateAuthTokenFromProfile(options: { region: string; awsProfileName: string }): Promise<SignedToken>
  generateAuthTokenFromRole(options: { region: string; awsRoleArn: string }): Promise<SignedToken>
}

type SignedToken = string | { readonly token: string; readonly expiryTime?: number }

/** A signed token. `load` imports the package. Rejects with TB_CONFIG_INVALID when it is not installed, with
 *  TB_KAFKA_UNAVAILABLE when AWS gives no credentials for now. */
export async function signAwsToken(load: () => Promise<unknown>, identity: AwsIdentity): Promise<IssuedToken> {
  const signer = await loadSigner(load)
  const signed = await sign(signer, identity).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error)
    throw new TrackbridgeError(
      'TB_KAFKA_UNAVAILABLE',
      `no AWS credentials to sign with (${sourceOf(identity)}): ${why}; look at region, profile and roleArn of kafka.sasl`,
    )
  })
  if (typeof signed === 'string') return { value: signed }
  const { token: value, expiryTime: expiresAtMs } = signed
  return { value, ...(expiresAtMs === undefined ? {} : { expiresAtMs }) }
}

function sign(signer: Signer, { region, profile, roleArn }: AwsIdentity): Promise<SignedToken> {
  if (roleArn !== undefined) return signer.generateAuthTokenFromRole({ region, awsRoleArn: roleArn })
  if (profile !== undefined) return signer.generateAuthTokenFromProfile({ region, awsProfileName: profile })
  return signer.generateAuthToken({ region })
}

function sourceOf({ profile, roleArn }: AwsIdentity): string {
  if (roleArn !== undefined) return `role ${roleArn}`
  return profile === undefined ? 'default credentials' : `profile ${profile}`
}

async function loadSigner(load: () => Promise<unknown>): Promise<Signer> {
  try {
    // A CommonJS package: its functions may stand under `default` only.
    const loaded = (await load()) as Signer & { readonly default?: Signer }
    return loaded.generateAuthToken === undefined && loaded.default !== undefined ? loaded.default : loaded
  } catch {
    // Without a cause: kafkajs would hand on the cause in its place.
    throw new TrackbridgeError(
      'TB_CONFIG_INVALID',
      `kafka.sasl.mechanism: aws-iam needs the package ${signerPackage}, which is not installed; install it beside ` +
        `trackbridge: npm install ${signerPackage}`,
    )
  }
}
