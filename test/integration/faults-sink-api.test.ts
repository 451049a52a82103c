import { answers } from '../../faults/sink/scenarios/answers.ts'
import { apart } from '../../faults/sink/scenarios/apart.ts'
import { connections } from '../../faults/sink/scenarios/connections.ts'
import { testSinkScenarios } from '../support/fault-tests.ts'

testSinkScenarios(answers, connections, apart)
