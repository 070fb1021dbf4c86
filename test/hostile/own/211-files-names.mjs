// @title names in the private folder that should lead out of it
// @class fs-path
// @grants fs

import { readFile } from 'node:fs/promises'
import { tryAll } from './_lib.mjs'
export default async ({ probe, context }) => {
  const { files } = context
  const back = '../'.repeat(12)
  const names = [
    probe.secretFile,
    back + probe.secretFile.slice(1),
    `a/${back}${probe.secretFile.slice(1)}`,
    `.//..//..//${back}${probe.secretFile.slice(1)}`,
    `..\\..\\${probe.secretFile}`,
    `${probe.secretFile}\0`,
    '..',
    '.',
    '',
    '/',
    '~',
    '/proc/self/environ',
    'a/../../..',
    `%2e%2e/${probe.secretFile}`,
    '\u2024\u2024/x',
    'a'.repeat(5000),
    'a/'.repeat(2000),
    'x\ud800',
    'con',
    '.git/../..',
  ]
  const attempts = {}
  if (files === undefined) attempts.plain = () => readFile(probe.secretFile, 'utf8')
  for (const [i, name] of names.entries()) {
    attempts[`read${i}`] = async () => new TextDecoder().decode(await files.read(name))
    attempts[`list${i}`] = async () => JSON.stringify(await files.list(name)).slice(0, 200)
    attempts[`write${i}`] = () => files.write(name || probe.writeTarget, 'owned')
    attempts[`rename${i}`] = async () => {
      await files.write('own', 'x')
      await files.rename('own', name)
    }
    attempts[`remove${i}`] = () => files.remove(name)
    attempts[`mkdir${i}`] = () => files.mkdir(name)
    attempts[`folder${i}`] = async () =>
      JSON.stringify(await files.folder(name).list('')).slice(0, 200)
  }
  attempts.getter = async () => {
    let turns = 0
    return new TextDecoder().decode(
      await files.read({ toString: () => (turns++ === 0 ? 'own' : probe.secretFile) }),
    )
  }
  attempts.array = () => files.read([probe.secretFile])
  attempts.bytes = () => files.read(Buffer.from(probe.secretFile))
  attempts.url = () => files.read(new URL(`file://${probe.secretFile}`))
  const out = await tryAll(attempts, 500)
  return {
    got: Object.entries(out)
      .filter(([, text]) => !String(text).startsWith('E:'))
      .slice(0, 40),
  }
}
