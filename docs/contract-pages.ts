/** A page for each contract of the SDK, made of its declarations. */
const pages: Readonly<Record<string, { title: string; intro: string; files: readonly string[] }>> =
  {
    'source.md': {
      title: 'Sources and lookup tables',
      intro: 'A source brings tuples from outside into a rule; a lookup table answers its joins.',
      files: ['source.ts', 'tuple.ts'],
    },
    'sink.md': {
      title: 'Sinks',
      intro: 'A sink sends what a rule emits to the outside.',
      files: ['sink.ts', 'errors.ts'],
    },
    'function.md': {
      title: 'Functions',
      intro: 'A function is called in SQL: for a row, or over the rows of a group.',
      files: ['function.ts'],
    },
    'context.md': {
      title: 'The context',
      intro:
        'What every source, sink and function is given: state, log, clock, and the powers that were granted.',
      files: ['context.ts', 'pause.ts', 'network.ts', 'files.ts'],
    },
  }

/** @param read the text of a file of `sdk/src` */
export function contractPages(read: (file: string) => string): ReadonlyMap<string, string> {
  const made = new Map<string, string>()
  const isPublic = ({ name, code }: Declaration) =>
    !code.startsWith('export ') || new RegExp(`\\b${name}\\b`).test(read('index.ts'))
  for (const [name, { title, intro, files }] of Object.entries(pages)) {
    const parts = files.flatMap((file) => declarationsIn(read(file)).filter(isPublic).map(section))
    const head = `# ${title}\n\n${intro} What has \`export\` before it is imported from \`@plutino/sdk\`.\n`
    made.set(name, `${head}\n${parts.join('\n')}`)
  }
  return made
}

interface Declaration {
  readonly name: string
  readonly comment: string
  readonly code: string
}

/** What a module exports, and the interfaces that those are made of, each with the comment before it. */
function declarationsIn(text: string): Declaration[] {
  const found: Declaration[] = []
  const exported =
    /(?:^\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?^(?:export (?:interface|type|class|function|const)|interface) (\w+)[\s\S]*?(?=^\/\*\*|^export |^interface |^function |^const |(?![\s\S]))/gm
  for (const [whole, comment = '', name = ''] of text.matchAll(exported)) {
    const declared = whole.slice(whole.search(/^(?:export|interface) /m)).trim()
    // of a function its signature
    const code = declared.replace(/^(export function [^{]*?) \{[\s\S]*/, '$1')
    found.push({ name, comment: comment.replace(/^ ?\* ?/gm, '').trim(), code })
  }
  return found
}

function section({ name, comment, code }: Declaration): string {
  const [prose = '', example] = comment.split('@example')
  const lines = [`## ${name}`, '']
  if (prose.trim() !== '') lines.push(prose.trim(), '')
  lines.push('```typescript', code, '```', '')
  if (example !== undefined) lines.push('For example:', '', '```ts', example.trim(), '```', '')
  return lines.join('\n')
}
