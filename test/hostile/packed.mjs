// Wraps a plugin of the harness as a source, sink or function of ours, and zips its folder as an attacker would.
import { createWriteStream } from 'node:fs'
import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import yazl from 'yazl'

/** @returns the zip's path */
export async function packed({ name, dir, entry, grants, network }, kind, path) {
  const zip = new yazl.ZipFile()
  const entryName = basename(entry)
  const head = await readFile(entry, 'utf8')
  const wrapper = wrapperOf(name, kind, entryName)
  const permissions = {
    ...(network.length > 0 && { network }),
    ...(grants.includes('fs') && { files: { private: { quotaBytes: 1_048_576 } } }),
  }
  const manifest = {
    name: `hostile-${name}`,
    version: '1.0.0',
    type: 'module',
    plutino: { [`${kind}s`]: { [name]: 'wrapper.mjs' }, permissions },
  }
  const put = (text, file, mode = 0o100644) => zip.addBuffer(Buffer.from(text), file, { mode })
  put(JSON.stringify(manifest), 'package.json')
  put(wrapper, 'wrapper.mjs')
  for (const file of await readdir(dir)) {
    if (file === 'package.json') continue
    const from = join(dir, file)
    const info = await lstat(from)
    // Links and compiled code would be refused before the attack has its turn: only attacks about them bring them.
    if (info.isSymbolicLink()) {
      if (/shipped in the plugin archive/.test(head)) put(await readlink(from), file, 0o120777)
    } else if (file.endsWith('.node')) {
      if (/\.node\b|addon/i.test(head)) put(await readFile(from), file)
    } else if (info.isFile()) put(await readFile(from), file)
  }
  zip.end()
  await pipeline(zip.outputStream, createWriteStream(path))
  return path
}

function wrapperOf(name, kind, entry) {
  const load = `import * as module from './${entry}'
const run = (input) => (module.default?.default ?? module.default)(input)
// A source that never comes to its rows has none, and a sink has 30 s for each: that would tell nothing of the neighbour.
const late = () => new Promise((resolve) => setTimeout(() => resolve({ err: 'it did not end' }), 6000))
`
  return load + makers[kind](name)
}

const makers = {
  function: (name) => `
const plugin = {
  exec([input, apiKey], context) {
    return input === null ? null : run({ ...input, config: { apiKey }, context })
  },
}
export { plugin as ${name} }
`,
  // The report comes out as a row; after it, rows for the neighbour's function go on coming.
  source: (name) => `
const plugin = {
  configure(datasource, props) { this.props = props },
  async open(context, consumer) {
    if (this.props.probe !== undefined) {
      let report
      try { report = await Promise.race([run({ probe: this.props.probe, config: {}, context }), late()]) } catch (error) {
        try { report = { err: String(error?.message ?? error).slice(0, 300) } } catch { report = { err: 'unprintable' } }
      }
      await consumer({ report })
    }
    while (!context.signal.aborted) {
      await consumer({ input: { rows: [{ v: 1 }, { v: 2 }, { v: 30 }] } })
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  },
  close() {},
}
export { plugin as ${name} }
`,
  // A sink has nothing to answer with but its log.
  sink: (name) => `
const plugin = {
  accepts: 'rows',
  configure() {},
  open() {},
  async collect(context, [row]) {
    if (row.attackerInput === undefined || row.attackerInput === null) return
    let text
    try {
      const report = await Promise.race([run({ ...row.attackerInput, config: {}, context }), late()])
      text = JSON.stringify(report) ?? String(report)
    } catch (error) {
      try { text = JSON.stringify({ err: String(error?.message ?? error).slice(0, 300) }) } catch { text = '{"err":"unprintable"}' }
    }
    const id = row.id
    for (let at = 0; at < text.length && at < 150000; at += 1500) context.logger.info('REPORT ' + id + ' ' + text.slice(at, at + 1500))
    context.logger.info('REPORT-END ' + id)
  },
  close() {},
}
export { plugin as ${name} }
`,
}
