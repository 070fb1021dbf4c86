import test, { type ExecutionContext } from 'ava'
import { entryOf } from '#test/worker/bundle.ts'
import { RuleThread, type TestRule } from '#test/worker/rule-thread.ts'

const entry = await entryOf('sandboxed')

/** Runs what it is given as a plugin's own code, and says what came of it. */
const attacker = {
  kind: 'function',
  name: 'attack',
  text: `exports.attack = { exec([code], ctx) {
    try { return String(new Function('ctx', 'require', code)(ctx, require)) }
    catch (error) { return 'threw ' + error.message }
  } }`,
} as const

function start(t: ExecutionContext, rule: Partial<TestRule> = {}): RuleThread {
  const thread = new RuleThread({
    entry,
    tier: 'sandboxed',
    sql: 'SELECT attack(code) AS result FROM demo',
    plugins: [attacker],
    ...rule,
  })
  t.teardown(() => thread.end())
  return thread
}

const attacked = test.macro(async (t, code: string, expected: string | RegExp) => {
  const rule = start(t)
  await rule.open()
  const [row] = await rule.rows([{ code }])
  const { result } = row as { result: string }
  if (typeof expected === 'string') t.is(result, expected)
  else t.regex(result, expected)
  // The worker is alive, and the language is what it was.
  t.deepEqual(await rule.rows([{ code: 'return [3, 1, 2].sort().concat(4).join()' }]), [
    { result: '1,2,3,4' },
  ])
})

const denied = /^threw plugin acme-attack@1\.0\.0 has no module "(node:)?\w+": bundle it/

test('no file system by require', attacked, `return require('fs')`, denied)
test('no sockets by require', attacked, `return require('node:net')`, denied)
test(
  'no import expression',
  attacked,
  `return import('node:fs')`,
  /^threw Possible import expression rejected/,
)
test('no direct eval of imports', attacked, `return eval('im' + 'port("fs")')`, /^threw /)
test(
  'what made the compartment is not there',
  attacked,
  'return [typeof Compartment, typeof harden, typeof lockdown, typeof ModuleSource]',
  'undefined,undefined,undefined,undefined',
)
test('process.kill is not there', attacked, 'return typeof process.kill', 'undefined')
test(
  'process has no bindings and no environment',
  attacked,
  'return [typeof process.binding, typeof process.getBuiltinModule, Object.keys(process.env).length]',
  'undefined,undefined,0',
)
test(
  'Function makes functions of the compartment',
  attacked,
  `return Function('return typeof process.kill + typeof Buffer.prototype.asciiWriteStatic + typeof MessageChannel')()`,
  'undefinedundefinedundefined',
)
test(
  'constructors of endowments do not lead to the start realm',
  attacked,
  `const found = []
   const things = { console, process, setTimeout, crypto, ctx, state: ctx.putState, log: ctx.logger.info, clone: structuredClone,
     AbortSignal, URL, TextDecoder, signal: ctx.signal, stream: ReadableStream, timer: setTimeout(() => {}, 1) }
   for (const [name, thing] of Object.entries(things)) {
     let at = thing
     for (let i = 0; i < 5 && at; i++) {
       const F = typeof at === 'function' ? at.constructor : at.constructor?.constructor
       try { if (typeof F('return typeof process.kill + typeof SharedArrayBuffer')() === 'string'
         && F('return typeof process.kill + typeof SharedArrayBuffer')() !== 'undefinedundefined') found.push(name) } catch {}
       at = Object.getPrototypeOf(at)
     }
   }
   return 'found ' + found`,
  'found ',
)
test(
  'constructors by way of async and generator functions',
  attacked,
  `const made = [async () => {}, function* () {}, async function* () {}]
   return made.map((f) => { try { return typeof f.constructor('return typeof process.kill') } catch { return 'refused' } })`,
  'refused,refused,refused',
)
test(
  'errors of the engine lead to nothing that can be changed',
  attacked,
  `const open = []
   for (const run of [() => structuredClone(() => {}), () => ctx.putState(1, 1), () => new Headers([1])]) {
     try { run() } catch (error) {
       for (let at = Object.getPrototypeOf(error); at !== null; at = Object.getPrototypeOf(at))
         if (!Object.isFrozen(at) || !Object.isFrozen(at.constructor)) open.push(run + ' ' + error.code)
     }
   }
   return 'open ' + open.join(' ')`,
  'open ',
)
test(
  'prototypes cannot be polluted',
  attacked,
  `const failed = []
   for (const C of [Object, Array, Promise, Function, Map, Uint8Array, Date, RegExp, Error, String]) {
     try { 'use strict'; Object.defineProperty(C.prototype, 'evil', { value: 1 }); failed.push(C.name) } catch {}
     try { Object.defineProperty(C, 'evil', { value: 1 }); failed.push(C.name) } catch {}
     try { Object.setPrototypeOf(C.prototype, { evil: 1 }); if (C !== Object) failed.push(C.name) } catch {}
   }
   return 'changed ' + failed`,
  'changed ',
)
test(
  'what the engine calls cannot be patched',
  attacked,
  `const failed = []
   const parts = { JSON, Reflect, Math, Promise: Promise.prototype, Array: Array.prototype, Map: Map.prototype, Date,
     EventTarget: EventTarget.prototype, signal: Object.getPrototypeOf(ctx.signal), stream: ReadableStream.prototype, console, process, ctx }
   for (const [name, part] of Object.entries(parts)) for (const key of Reflect.ownKeys(part)) {
     try { const before = part[key]; if (Reflect.set(part, key, () => 'stolen')) failed.push(name + '.' + String(key)) } catch {}
   }
   return 'changed ' + failed`,
  'changed ',
)
test(
  'no message port can be had',
  attacked,
  `const found = []
   for (const C of [ReadableStream, WritableStream, TransformStream, AbortController, EventTarget, Event]) {
     for (let at = C.prototype; at; at = Object.getPrototypeOf(at))
       for (const key of Object.getOwnPropertySymbols(at)) if (/messag|transfer|clone/i.test(key.description)) found.push(String(key))
   }
   return [typeof MessagePort, typeof MessageChannel, typeof BroadcastChannel, typeof postMessage, found].join()`,
  'undefined,undefined,undefined,undefined,',
)
test(
  'junk receivers of text decoders throw',
  attacked,
  `const out = []
   for (const junk of [{}, [], null, 1, new Proxy(new TextDecoder(), {}), Object.create(TextDecoder.prototype)]) {
     try { TextDecoder.prototype.decode.call(junk, new Uint8Array(4)); out.push('ran') } catch { out.push('threw') }
   }
   const decoder = new TextDecoder()
   out.push(Object.getOwnPropertySymbols(decoder).length)
   try { decoder.decode({ length: 1e9 }); out.push('ran') } catch { out.push('threw') }
   return out.join()`,
  'threw,threw,threw,threw,threw,threw,0,threw',
)
test(
  'classes of native code are not there',
  attacked,
  `return [typeof URLPattern, typeof Buffer.kMaxLength, typeof Blob, typeof WebAssembly, typeof SharedArrayBuffer, typeof Atomics,
    typeof EventSource, typeof Worker, typeof navigator].join()`,
  Array(9).fill('undefined').join(),
)
test(
  'single allocations are capped, however they are asked for',
  attacked,
  `const tries = [() => new ArrayBuffer(1e9), () => new Uint8Array(1e9), () => new Float64Array(1e8), () => 'x'.repeat(1e9),
     () => 'x'.padEnd(4e8), () => new (new Uint8Array(1).constructor)(1e9), () => new Uint8Array({ length: 1e9 }),
     () => { let n = 0; const b = new ArrayBuffer({ valueOf: () => (n++ ? 1e9 : 1) }); if (b.byteLength === 1) throw 1 },
     () => new Uint8Array(new Proxy([], { get: (t, k) => k === 'length' ? 1e9 : k === Symbol.iterator ? undefined : 0 })),
     () => new ArrayBuffer(8, { maxByteLength: 1e9 })]
   return tries.map((run) => { try { run(); return 'made' } catch { return 'refused' } }).join()`,
  Array(10).fill('refused').join(),
)
test(
  'timers are counted per plugin, and what they give is opaque',
  attacked,
  `let made = 0
   try { for (;;) { setTimeout(() => {}, 1e6); made++ } } catch {}
   const keys = Reflect.ownKeys(setTimeout)
   return made`,
  '10000',
)
test(
  'timers of AbortSignal count as the plugin’s own',
  attacked,
  'let made = 0; try { for (; made < 20000; made++) AbortSignal.timeout(1e6) } catch {}; return made',
  '10000',
)
test(
  'the last match of the engine is not shown',
  attacked,
  'return [typeof RegExp.$1, typeof RegExp.lastMatch].join()',
  'undefined,undefined',
)
test(
  'stacks name no files',
  attacked,
  `try { null.x } catch (error) { return /entry\\.mjs|worker|\\/tmp|\\/work/.test(error.stack) }`,
  'false',
)
test(
  'clones cannot be steered',
  attacked,
  `const copy = structuredClone(Object.assign(ctx.signal, {}))
   return Object.getPrototypeOf(copy) === Object.prototype`,
  'true',
)
test(
  'nothing hands out the runtime’s inspect',
  attacked,
  `const custom = Symbol.for('nodejs.util.inspect.custom'), found = []
   const spy = { [custom](depth, options, inspect) { found.push(typeof inspect); return '' } }
   for (const thing of [new Event('x'), new EventTarget(), new AbortController(), ctx.signal, new ReadableStream(), new URL('http://a')]) {
     for (let at = thing; at; at = Object.getPrototypeOf(at)) {
       if (Object.hasOwn(at, custom)) found.push('hook')
       try { thing[custom](2, { ...spy, stylize: (text) => text }) } catch {}
     }
   }
   console.log(spy); try { null[spy] } catch {}
   return 'found ' + found`,
  'found ',
)
