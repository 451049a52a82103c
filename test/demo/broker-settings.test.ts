import { expect, test } from 'vitest'
import {
  settingsToDockerEnvironment,
  settingsToProperties,
  singleBrokerSettings,
} from '../../src/demo/broker-settings.ts'

const settings = singleBrokerSettings({
  listeners: 'PLAINTEXT://:9092,BROKER://:9093,CONTROLLER://:9094',
  advertised: 'PLAINTEXT://h:1',
  controller: 'localhost:9094',
  names: ['PLAINTEXT', 'BROKER'],
})

test('the broker itself uses the last listener, and every listener is without TLS', () => {
  expect(settings['inter.broker.listener.name']).toBe('BROKER')
  expect(settings['listener.security.protocol.map']).toBe('PLAINTEXT:PLAINTEXT,BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT')
  expect(settings['controller.quorum.voters']).toBe('1@localhost:9094')
})

test('topics are never created by chance and retention stays as Kafka has it', () => {
  expect(settings['auto.create.topics.enable']).toBe('false')
  expect(Object.keys(settings).filter((name) => name.startsWith('log.retention'))).toEqual([])
})

test('properties are one line each, with backslashes escaped', () => {
  expect(settingsToProperties({ 'log.dirs': 'C:\\kafka', 'node.id': '1' })).toBe('log.dirs=C:\\\\kafka\nnode.id=1\n')
})

test('names become variables as the apache/kafka image wants them', () => {
  expect(settingsToDockerEnvironment({ 'log.dirs': '/d', 'a_b.c-d': 'x' })).toEqual({
    KAFKA_LOG_DIRS: '/d',
    KAFKA_A__B_C___D: 'x',
  })
})
