// The option --received-at of `translate` and `explain`: a time on the command line -> milliseconds since 1970. It makes
// the messages of calls without received_at the same in every run. Ruled by mapping.md, "When".
import { InvalidArgumentError, Option } from 'commander'
import { parseTime } from '../translate/timestamps.ts'

/** The option `--received-at TIME`, its value in milliseconds since 1970. */
export function receivedAtOption(): Option {
  return new Option(
    '--received-at <time>',
    'when calls without received_at were received, ISO 8601 or Unix seconds; absent: now',
  ).argParser((text) => {
    const ms = parseTime(text)
    if (ms === undefined) throw new InvalidArgumentError('Allowed: ISO 8601 or Unix seconds, between 1970 and 9999.')
    return ms
  })
}
