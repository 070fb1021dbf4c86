import type { Logger } from '@plutino/sdk'
import type { CellEnvironment, LogLine, RuleSpec } from '../cell.ts'

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
