import { badRecords } from '../../faults/sink/scenarios/bad-records.ts'
import { broker } from '../../faults/sink/scenarios/broker.ts'
import { deadLetters } from '../../faults/sink/scenarios/dead-letters.ts'
import { testSinkScenarios } from '../support/fault-tests.ts'

testSinkScenarios(badRecords, deadLetters, broker)
