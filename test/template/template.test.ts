import test from 'ava'
import { parseTemplate } from '#src/template/parse.ts'
import { runTemplate } from '#src/template/run.ts'

const data = {
  a: 5,
  f: 2.5,
  t: 'say "hi"',
  o: { b: { c: 'deep' } },
  l: [1, 2, 3],
  rows: [{ n: 'x' }, { n: 'y' }],
  none: null,
  yes: true,
  empty: '',
}

const cases: readonly (readonly [template: string, gives: string])[] = [
  ['plain { text } ', 'plain { text } '],
  ['{{.a}}', '5'],
  ['{"v":{{.a}},"w":{{.f}}}', '{"v":5,"w":2.5}'],
  ['{{.o.b.c}}', 'deep'],
  ['{{.missing}}', '<no value>'],
  ['{{.missing.more}}', '<no value>'],
  ['{{ .a }}{{/* nothing }} */}}!', '5!'],
  ['a  {{- .a -}}  b', 'a5b'],
  ['{{json .o}}', '{"b":{"c":"deep"}}'],
  ['{{json .t}}', '"say \\"hi\\""'],
  ['{{toJson .l}}', '[1,2,3]'],
  ['{{base64 .o.b.c}}', 'ZGVlcA=='],
  ['{{.l}} {{.o}}', '[1 2 3] map[b:map[c:deep]]'],
  ['{{if .yes}}y{{else}}n{{end}}', 'y'],
  ['{{if .empty}}y{{else}}n{{end}}', 'n'],
  ['{{if gt .a 10}}big{{else if gt .a 3}}middle{{else}}small{{end}}', 'middle'],
  ['{{if and .yes (eq .a 5)}}both{{end}}', 'both'],
  ['{{if not .none}}nothing{{end}}', 'nothing'],
  ['{{eq .a 1 5}} {{ne .a 5}} {{le .f 2.5}}', 'true false true'],
  ['{{range .l}}<{{.}}>{{end}}', '<1><2><3>'],
  ['{{range $i, $v := .rows}}{{if $i}},{{end}}{{$i}}={{$v.n}}{{end}}', '0=x,1=y'],
  ['{{range $k, $v := .o.b}}{{$k}}:{{$v}}{{end}}', 'c:deep'],
  ['{{range .none}}x{{else}}empty{{end}}', 'empty'],
  ['{{range .l}}{{if eq . 2}}{{continue}}{{end}}{{.}}{{end}}', '13'],
  ['{{range .l}}{{if eq . 2}}{{break}}{{end}}{{.}}{{end}}', '1'],
  ['{{range .l}}{{$.a}}{{end}}', '555'],
  ['{{with .o.b}}{{.c}}{{end}}{{with .none}}x{{else}}-{{end}}', 'deep-'],
  ['{{$x := .a}}{{$x}}{{$x = 6}}{{$x}}', '56'],
  ['{{$s := 0}}{{range .l}}{{$s = add $s .}}{{end}}{{$s}}', '6'],
  ['{{.a | printf "%03d"}} {{printf "%.2f|%-4s|%4s|%q" .f "x" "y" "z"}}', '005 2.50|x   |   y|"z"'],
  ['{{printf "%d %v"}}', '%!d(MISSING) %!v(MISSING)'],
  ['{{len .l}}{{len .t}}{{len .o}}', '381'],
  ['{{index .l 1}}{{(index .rows 0).n}}{{index .o "b" "c"}}', '2xdeep'],
  ['{{slice .t 0 3}}', 'say'],
  ['{{"lit"}}{{`raw`}}{{1.5}}{{true}}', 'litraw1.5true'],
  ['{{upper "x"}}{{"A" | lower}}{{default "d" .none}}{{ternary "y" "n" .yes}}', 'Xady'],
  ['{{join "-" .l}}{{sub 5 3}}{{mul 2 3}}{{div 7 2}}{{mod 7 2}}', '1-2-32631'],
  ['{{urlquery "a b&c"}}', 'a+b%26c'],
  ['{{html "<b>"}}', '&#60;b&#62;'],
]

for (const [template, gives] of cases) {
  test(`${template} gives ${gives}`, (t) => {
    t.is(runTemplate(parseTemplate(template), data), gives)
  })
}

const refused: readonly (readonly [template: string, message: string])[] = [
  ['{{.a', 'line 1: {{ without }}'],
  ['\n{{if .a}}x', 'line 2: {{if}} without {{end}}'],
  ['{{end}}', 'line 1: {{end}} without {{if}}'],
  ['{{nosuch .a}}', 'line 1: function "nosuch" not defined'],
  ['{{.a .b}}', 'line 1: only functions take arguments'],
  ['{{}}', 'line 1: a value is missing'],
  ['{{(len .a}}', 'line 1: ( without )'],
  ['{{.a ? 1}}', 'line 1: unexpected "?"'],
  ['{{constructor}}', 'line 1: function "constructor" not defined'],
  ['{{if .a}}'.repeat(60), 'more than 50 actions inside each other'],
]

for (const [template, message] of refused) {
  test(`${template.slice(0, 30)} is refused: ${message}`, (t) => {
    t.throws(() => parseTemplate(template), { message })
  })
}

const failing: readonly (readonly [template: string, message: string])[] = [
  ['{{index .l 9}}', 'index out of range: 9'],
  ['{{.a.b}}', "can't evaluate field b in 5"],
  ['{{lt .a "x"}}', 'incompatible types for comparison: 5 and x'],
  ['{{$nope}}', 'undefined variable "$nope"'],
  ['{{range 1000000}}{{range 1000000}}x{{end}}{{end}}', 'more than 1000000 steps'],
  ['{{div 1 0}}', 'divided by zero'],
  ['{{repeat 9999999 "x"}}', 'repeat: 9999999 times'],
]

for (const [template, message] of failing) {
  test(`${template} fails for the row: ${message}`, (t) => {
    t.throws(() => runTemplate(parseTemplate(template), data), { message })
  })
}

test('a field that every object inherits is no field of the data', (t) => {
  t.is(runTemplate(parseTemplate('{{.constructor}}{{.o.toString}}'), data), '<no value><no value>')
})
