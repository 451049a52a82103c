import { kill } from '../../faults/scenarios/kill.ts'
import { testScenarios } from '../support/fault-tests.ts'

testScenarios(kill)
