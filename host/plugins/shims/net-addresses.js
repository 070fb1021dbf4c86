const V4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/

export function isIPv4(text) {
  return V4.test(String(text))
}

export function isIPv6(text) {
  const [address = '', zone, ...rest] = String(text).split('%')
  if (rest.length > 0 || zone === '') return false
  if (!address.includes(':') || !/^[0-9a-f:.]+$/i.test(address)) return false
  try {
    return new URL(`http://[${address}]/`).hostname !== ''
  } catch {
    return false
  }
}

export function isIP(text) {
  if (isIPv4(text)) return 4
  return isIPv6(text) ? 6 : 0
}
