import type { OperatorError } from '#src/worker/protocol.ts'
import { Breaches, type LimitName } from '../limits.ts'
import { CpuShare } from './cpu-share.ts'

export interface WorkerLimitsOptions {
  /** Share of a core; missing or 0: without. */
  readonly cpuLimit?: number | undefined
  isFed(): boolean
  /** It may be given rows again. */
  feed(): void
  kill(reason: string, limit: LimitName): void
}

/** What the workers of one rule had too much of, over all of their lives. */
export class WorkerLimits extends Breaches {
  readonly cpu: CpuShare

  constructor({ cpuLimit = 0, isFed, feed, kill }: WorkerLimitsOptions) {
    super()
    this.cpu = new CpuShare({
      limit: cpuLimit,
      isFed,
      onOver: () => this.add('cpu', 1, ''),
      onRoom: feed,
      onRunaway: (share) => {
        const used = `it used ${percent(share)} of a core for 20 s without being given a row`
        kill(`${used}, its cpuLimit is ${percent(cpuLimit)}`, 'cpu')
      },
    })
  }

  /** With the share of a core that the last ten seconds took, once it is known. */
  override figures(): Record<string, number> {
    const { share } = this.cpu
    const known = share > 0 ? { cpu_share: Math.round(share * 1000) / 1000 } : {}
    return { ...super.figures(), ...known }
  }

  /** Rows for which there was no stack left. */
  rowErrors(errors: readonly OperatorError[]): void {
    for (const { message } of errors) {
      if (message.includes('Maximum call stack size exceeded')) this.add('stack', 1, '')
    }
  }
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
