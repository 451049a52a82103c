// Contender: the product, exactly once unless the job says otherwise.
import type { Open } from './contender.ts'
import { openEngine } from './engine.ts'

export const open: Open = (job) => openEngine(job)
