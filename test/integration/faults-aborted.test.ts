import { aborted } from '../../faults/scenarios/aborted.ts'
import { testScenarios } from '../support/fault-tests.ts'

testScenarios(aborted)
