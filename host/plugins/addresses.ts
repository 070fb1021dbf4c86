import { BlockList, isIP } from 'node:net'

const metadata = new BlockList()
metadata.addSubnet('169.254.0.0', 16, 'ipv4')
metadata.addSubnet('fe80::', 10, 'ipv6')
metadata.addAddress('fd00:ec2::254', 'ipv6')
metadata.addAddress('100.100.100.200', 'ipv4')
// the same by way of NAT64
metadata.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6')

const privates = new BlockList()
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  privates.addSubnet(net, bits, 'ipv4')
}
privates.addAddress('::', 'ipv6')
privates.addAddress('::1', 'ipv6')
privates.addSubnet('fc00::', 7, 'ipv6')
privates.addSubnet('ff00::', 8, 'ipv6')
// what carries an IPv4 address inside: NAT64, 6to4
privates.addSubnet('64:ff9b::', 96, 'ipv6')
privates.addSubnet('2002::', 16, 'ipv6')

/** Why a plugin may not be fetched from this address; `undefined` when it may. */
export function refusalOfAddress(address: string, allowsPrivate: boolean): string | undefined {
  // A mapped address (::ffff:127.0.0.1) is held to the rules of IPv4 by `check` itself.
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  if (metadata.check(address, family))
    return `${address} is a link-local or metadata address, which is never allowed`
  if (!allowsPrivate && privates.check(address, family)) {
    return `${address} is a private address; option plugins.download.privateNetworks allows those`
  }
  return undefined
}
