import { expect, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import { signAwsToken } from '../../src/kafka/aws-token.ts'

const signer = {
  generateAuthToken: async (options: object) => ({ token: `default ${JSON.stringify(options)}`, expiryTime: 9_000 }),
  generateAuthTokenFromProfile: async (options: object) => ({ token: `profile ${JSON.stringify(options)}` }),
  generateAuthTokenFromRole: async (options: object) => `role ${JSON.stringify(options)}`,
}
const region = 'eu-central-1'

test.each([
  [{ region }, { value: 'default {"region":"eu-central-1"}', expiresAtMs: 9_000 }],
  [{ region, profile: 'p' }, { value: 'profile {"region":"eu-central-1","awsProfileName":"p"}' }],
  [{ region, roleArn: 'arn:r' }, { value: 'role {"region":"eu-central-1","awsRoleArn":"arn:r"}' }],
])('%j is signed by the function for it', async (identity, expected) => {
  const packages = [signer, { default: signer }]
  const signed = await Promise.all(packages.map((loaded) => signAwsToken(async () => loaded, identity)))
  expect(signed).toEqual([expected, expected])
})

const notInstalled = () => Promise.reject(new Error('Cannot find package'))

test('a package that is not installed is named with the command that installs it', async () => {
  await expect(signAwsToken(notInstalled, { region })).rejects.toEqual(
    new TrackbridgeError(
      'TB_CONFIG_INVALID',
      'kafka.sasl.mechanism: aws-iam needs the package aws-msk-iam-sasl-signer-js, which is not installed; install it ' +
        'beside trackbridge: npm install aws-msk-iam-sasl-signer-js',
    ),
  )
})

test('credentials that AWS does not give are infrastructure', async () => {
  const failing = { ...signer, generateAuthTokenFromProfile: () => Promise.reject(new Error('no such profile')) }
  await expect(signAwsToken(async () => failing, { region, profile: 'p' })).rejects.toEqual(
    new TrackbridgeError(
      'TB_KAFKA_UNAVAILABLE',
      'no AWS credentials to sign with (profile p): no such profile; look at region, profile and roleArn of kafka.sasl',
    ),
  )
})
