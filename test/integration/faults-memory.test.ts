import { memory } from '../../faults/scenarios/memory.ts'
import { testScenarios } from '../support/fault-tests.ts'

testScenarios(memory)
