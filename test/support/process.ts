// Processes seen from outside.

/** Whether a process with this id exists; one that has ended and was not yet waited for counts until it is. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
