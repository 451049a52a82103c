import { network } from '../../faults/scenarios/network.ts'
import { testScenarios } from '../support/fault-tests.ts'

testScenarios(network)
