import { several } from '../../faults/scenarios/several.ts'
import { testScenarios } from '../support/fault-tests.ts'

testScenarios(several)
