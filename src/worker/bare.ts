import { ruleTask } from './rule-task.ts'
import { startBare } from './start-flow.ts'

/** Entry of a worker for rules without third-party code: no compartment, and nothing paid for one. */
process.permission?.drop('fs.read', process.cwd())
process.permission?.drop('fs.read')

export default ruleTask(startBare)
