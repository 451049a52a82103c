import { unfenced, zombie } from '../../faults/scenarios/zombie.ts'
import { testScenarios } from '../support/fault-tests.ts'

testScenarios(zombie, unfenced)
