import test from 'ava'
import { chooseVersion, compareVersions, normalVersion } from '#host/plugins/version.ts'

const all = ['20200331', 'nightly', 'Next', '1.9.0', '1.10.0', '']

test('one leading v is dropped, and no more', (t) => {
  t.deepEqual(
    ['v20200331', '20200331', 'nightly', 'vNext', 'v1.9.0', 'vv1', ''].map(normalVersion),
    ['20200331', '20200331', 'nightly', 'Next', '1.9.0', 'v1', ''],
  )
})

test('semver stands above the rest, the rest is by code points, none is lowest', (t) => {
  t.deepEqual(all.toSorted(compareVersions), ['', '20200331', 'Next', 'nightly', '1.9.0', '1.10.0'])
})

test('a pre-release is below its release', (t) => {
  const versions = ['1.0.0', '1.0.0-beta.2', '1.0.0-beta.11', '0.9.9']
  t.deepEqual(versions.toSorted(compareVersions), [
    '0.9.9',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0',
  ])
})

test('code points decide, not UTF-16: an emoji is above the last private character', (t) => {
  t.true(compareVersions('\u{1f600}', '\uffee') > 0)
})

const chooses = test.macro((t, wanted: string | undefined, found: string | undefined) => {
  t.is(chooseVersion(all, wanted), found)
})

test('a rule that says nothing gets the highest', chooses, undefined, '1.10.0')
test('a range gets the highest in it', chooses, '^1.2', '1.10.0')
test('a narrow range gets what is in it', chooses, '~1.9', '1.9.0')
test('a range that nothing is in gets nothing', chooses, '^2', undefined)
test('any version may be named as it is', chooses, 'nightly', 'nightly')
test('a version may be named with its v', chooses, 'v20200331', '20200331')
test('vNext is named with or without its v', chooses, 'vNext', 'Next')
test('no version may be named', chooses, '', '')
test('a range never means what is no semver', (t) => {
  t.is(chooseVersion(['20200331', 'nightly', ''], '*'), undefined)
})
test('without semver the highest text is the latest', (t) => {
  t.is(chooseVersion(['20200331', 'nightly', ''], undefined), 'nightly')
})
