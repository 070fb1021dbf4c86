import { type MappedScript, mapStack, readSourceMap } from '@plutino/sdk/source-map'
import type { Prepared } from '#host/plugins/prepare.ts'
import { SCRIPT_HEAD } from '#src/sandbox/compartment.ts'
import { scriptUrl } from '#src/sandbox/plugin-stack.ts'
import type { TestFault } from '#src/worker/test-flows.ts'

/** The scripts of a package with their maps to the author's files. */
export type Scripts = readonly MappedScript[]

/** Behind a message; the stack says it better. */
const PLACE = / \(plugin:[^\s()]+\)/g

export function scriptsOf({ content, scripts }: Prepared): Scripts {
  return scripts.flatMap(({ sha256, map: text }) => {
    const map = readSourceMap(text)
    const file = scriptUrl({
      package: content.package,
      version: content.version,
      sha256,
      mapped: true,
    })
    return map === undefined ? [] : [{ file, map, lineOffset: 1, columnOffset: SCRIPT_HEAD.length }]
  })
}

/** A fault with the lines of the author's files in its stack. */
export function tellFault({ code, message, stack }: TestFault, scripts: Scripts) {
  const own = message.replace(PLACE, '')
  return { code, message: own, stack: `Error: ${own}\n${mapStack(stack, scripts)}` }
}
