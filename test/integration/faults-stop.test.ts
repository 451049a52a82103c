import { stop } from '../../faults/scenarios/stop.ts'
import { testScenarios } from '../support/fault-tests.ts'

testScenarios(stop)
