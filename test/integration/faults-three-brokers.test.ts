import { threeBrokers } from '../../faults/scenarios/three-brokers.ts'
import { testScenarios } from '../support/fault-tests.ts'

testScenarios(threeBrokers)
