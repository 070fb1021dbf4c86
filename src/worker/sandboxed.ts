import { closeRealm } from './lockdown.ts'
import { ruleTask } from './rule-task.ts'
import { startBare } from './start-bare.ts'

closeRealm()

export default ruleTask(startBare)
