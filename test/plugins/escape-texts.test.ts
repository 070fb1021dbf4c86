import { compileFunction } from 'node:vm'
import test from 'ava'
import { bundleExtension } from '#host/plugins/bundle.ts'
import { InstallError } from '#host/plugins/errors.ts'
import { escapeTexts, refuseImports } from '#host/plugins/escape-texts.ts'

const suspicious = /<!--|-->|\bimport\s*(?:\(|\/[/*])|\beval\s*\(/

function resultOf(code: string): unknown {
  return Reflect.apply(compileFunction(code), undefined, [])
}

const kept = test.macro((t, code: string) => {
  const escaped = escapeTexts(code)
  t.regex(code, suspicious)
  t.notRegex(escaped, suspicious)
  t.deepEqual(resultOf(escaped), resultOf(code))
})

test(
  'a text is the same at run time',
  kept,
  `return '<!-- a --> import("x"), import /* y */ ("z"), eval("1")'`,
)
test('a text in double quotes is the same', kept, 'return "a-->b import (" + "\\"<!--\\""')
test(
  'a backslash before the word stays a backslash before the word',
  kept,
  `return 'a\\import("x")\\eval(1)'`,
)
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is the code of a plugin
test('a template is the same', kept, 'const x = 1; return `<!--${x}--> import(${`eval(${x})`})`')
test(
  'what String.raw gives is the same',
  kept,
  'return String.raw`\\n<!-- a --> import("x") eval(1)`',
)
test(
  'a tag is given the same text',
  kept,
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the code of a plugin
  'const tag = (texts, ...values) => texts.join("|") + values; return tag`import(${1})-->`',
)
test(
  'a regular expression finds the same',
  kept,
  `return ['<!--x-->', 'import("y")', 'eval(1)', 'no'].map((text) => /<!--.*?-->|\\bimport\\(|import(?=\\()|eval (?:)|eval(\\()/.exec(text)?.[0] ?? null)`,
)
test('a comment may be about imports', kept, 'return 7 /* import("x") --> <!-- eval(1) */')
test(
  'a division is no regular expression',
  kept,
  `const a = 8, g = 2; return a / g / 'import('.length`,
)

test('code without such texts is left as it is', (t) => {
  const code =
    "const a = { import: (x) => x }; return [a.import, 'imports (x)', 'reimport(x)', 1 - -1]"
  t.is(escapeTexts(code), code)
})

const left = test.macro(async (t, code: string) => {
  await t.throwsAsync(refuseImports(code), {
    message: /^an import is left in the bundle, line 2: /,
  })
})
test('an import expression is found', left, '\nimport("x")')
test('an import with a comment in it is found', left, '\nconst a = () => import /* x */ ("x")')
test('an import of a phase is found', left, '\nimport.source("x")')
test('a deferred import is found', left, '\nimport.defer("x")')

test('what only looks like an import is none', async (t) => {
  await t.notThrowsAsync(refuseImports("a.import('x'); const b = 'import(x)', c = /import(y)/"))
})

const bundleOf = (code: string) =>
  bundleExtension(new Map([['index.js', Buffer.from(code)]]), 'index.js')

test('texts of a plugin are the same after bundling', async (t) => {
  const value = '<!-- a --> import("x") eval(1)'
  const { text } = await bundleOf(
    `/*! import("x") */ exports.value = [${JSON.stringify(value)}, \`${value}\`, String.raw\`${value}\`]`,
  )
  t.notRegex(text, suspicious)
  const module = { exports: {} as { value?: unknown } }
  Reflect.apply(compileFunction(text, ['exports', 'module']), undefined, [module.exports, module])
  t.deepEqual(module.exports.value, [value, value, value])
})

for (const phase of ['source', 'defer']) {
  test(`import.${phase} is refused at installation`, async (t) => {
    const error = await t.throwsAsync(bundleOf(`exports.load = () => import.${phase}('node:fs')`), {
      instanceOf: InstallError,
    })
    t.is(error?.code, 'bad-plugin')
  })
}
