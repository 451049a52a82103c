import { oneBroker } from '../../faults/scenarios/one-broker.ts'
import { testScenarios } from '../support/fault-tests.ts'

testScenarios(oneBroker)
