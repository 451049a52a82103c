import { kill } from '../../faults/sink/scenarios/kill.ts'
import { several } from '../../faults/sink/scenarios/several.ts'
import { stop } from '../../faults/sink/scenarios/stop.ts'
import { zombie } from '../../faults/sink/scenarios/zombie.ts'
import { testSinkScenarios } from '../support/fault-tests.ts'

testSinkScenarios(kill, several, stop, zombie)
