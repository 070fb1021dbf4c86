import type { DistributionType } from './distribution.ts'

/** What an instance had finished when there was another number of them: its objects up to and with a key. */
export interface Floor {
  readonly by: DistributionType
  readonly of: number
  readonly task: number
  readonly after: string
}
