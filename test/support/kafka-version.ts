// Which Kafka the broker tests run on, where KAFKA_VERSION says so. Test support.

/** `3.9.1`; undefined for the version that the tests use otherwise, which is a newer one. */
export const testedVersion = (): string | undefined => process.env['KAFKA_VERSION'] || undefined

/** True from Kafka 4.0 on, whose clusters have enabled transaction.version 2. */
export const knowsNewerTransactions = (): boolean => !(testedVersion()?.startsWith('3.') ?? false)
