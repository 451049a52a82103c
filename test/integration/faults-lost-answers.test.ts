import { lostAnswers } from '../../faults/scenarios/lost-answers.ts'
import { testScenarios } from '../support/fault-tests.ts'

testScenarios(lostAnswers)
