import { topics } from '../../faults/scenarios/topics.ts'
import { testScenarios } from '../support/fault-tests.ts'

testScenarios(topics)
