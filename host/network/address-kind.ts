import { BlockList, isIP } from 'node:net'

/** `local`: link-local addresses, and those at which clouds answer questions about a machine's identity. */
export type AddressKind = 'public' | 'private' | 'local'

const local = new BlockList()
local.addSubnet('169.254.0.0', 16, 'ipv4')
local.addSubnet('fe80::', 10, 'ipv6')
local.addAddress('fd00:ec2::254', 'ipv6')
local.addAddress('100.100.100.200', 'ipv4')
// the same by way of NAT64
local.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6')

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

/** A mapped address (::ffff:127.0.0.1) is of the kind of the IPv4 address in it. */
export function kindOfAddress(address: string): AddressKind {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  if (local.check(address, family)) return 'local'
  return privates.check(address, family) ? 'private' : 'public'
}
