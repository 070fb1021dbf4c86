import type { Logger } from '@plutino/sdk'
import type { CellEnvironment, LogLine, RuleSpec } from '../cell.ts'
import type { SpoolKey } from '../spool/spool-index.ts'

/** What connectors of a rule, and the cell itself, say about it. */
export function ruleLogger(
  { tenant, rule, options }: RuleSpec,
  environment: CellEnvironment,
): Logger {
  const say = (level: LogLine['level']) => (text: string, fields?: object) => {
    if (level === 'debug' && !options.debug) return
    const line = fields === undefined ? text : `${text} ${JSON.stringify(fields)}`
    environment.log({ tenant, rule, level, text: line })
  }
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') }
}

/** What is said about a stream that no rule reads at the moment; of a shared one nobody's rule. */
export function standbyLogger(
  { tenant, rule, stream }: SpoolKey,
  environment: CellEnvironment,
): Logger {
  const say = (level: LogLine['level']) => (text: string) => {
    environment.log({ tenant, rule, level, text: `stream "${stream}" without a rule: ${text}` })
  }
  return { debug: () => {}, info: say('info'), warn: say('warn'), error: say('error') }
}
