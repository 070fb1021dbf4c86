/* `util.isDeepStrictEqual` for what plugins compare: values, plain objects, lists, maps, sets, dates, bytes. */
function isDeepStrictEqual(one, other) {
  return same(one, other, new Map())
}

function same(one, other, seen) {
  if (Object.is(one, other)) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null)
    return false
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return false
  if (seen.get(one) === other) return true
  seen.set(one, other)
  if (one instanceof Date) return Object.is(one.getTime(), other.getTime())
  if (one instanceof RegExp) return String(one) === String(other)
  if (one instanceof Error && (one.message !== other.message || one.name !== other.name))
    return false
  if (one instanceof Map) return sameMaps(one, other, seen)
  if (one instanceof Set) return sameSets(one, other, seen)
  if (ArrayBuffer.isView(one) && one.byteLength !== other.byteLength) return false
  if (Array.isArray(one) && one.length !== other.length) return false
  const keys = Reflect.ownKeys(one).filter((key) => isShown(one, key))
  if (keys.length !== Reflect.ownKeys(other).filter((key) => isShown(other, key)).length)
    return false
  return keys.every((key) => isShown(other, key) && same(one[key], other[key], seen))
}

function isShown(owner, key) {
  return Object.prototype.propertyIsEnumerable.call(owner, key)
}

function sameMaps(one, other, seen) {
  if (one.size !== other.size) return false
  return [...one].every(([key, value]) => other.has(key) && same(value, other.get(key), seen))
}

function sameSets(one, other, seen) {
  if (one.size !== other.size) return false
  return [...one].every(
    (value) => other.has(value) || [...other].some((each) => same(value, each, seen)),
  )
}

module.exports = { isDeepStrictEqual }
