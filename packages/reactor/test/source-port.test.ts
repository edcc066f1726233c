import { networkInterfaces } from 'node:os'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { EINPROGRESS, IPPROTO_IP } from '../src/linux/constants.js'
import { close, connect, errno } from '../src/linux/libc.js'
import { openListening, openUnconnected } from '../src/linux/open-socket.js'
import { addressPointer, encodeAddress, localPortOf } from '../src/linux/socket-address.js'
import { tryOption } from '../src/linux/socket-options.js'

/** ip(7), Linux 6.3: the ports that one socket may be given, the last one in the upper half. */
const IP_LOCAL_PORT_RANGE = 51

const source = '127.0.0.9'

/** Opens descriptors for `use`, and closes them whatever happens. */
function withDescriptors(use: (keep: (fd: number) => number) => void): void {
  const descriptors: number[] = []
  try {
    use(fd => {
      descriptors.push(fd)
      return fd
    })
  } finally {
    for (const fd of descriptors) close(fd)
  }
}

/** A port of the source's that nobody has. */
function freePort(): number {
  const fd = openListening({ host: source, port: 0 })
  const port = localPortOf(fd)
  close(fd)
  return port
}

const limits = openUnconnected({ host: source, port: 1 })
const canLimitPorts = tryOption(limits, IPPROTO_IP, IP_LOCAL_PORT_RANGE, 0)
close(limits)

const hasIpv6 = Object.values(networkInterfaces()).some(addresses =>
  addresses?.some(({ address }) => address === '::1')
)

const test = suite('the port of a socket with a local address')

for (const address of [source, '::1']) {
  const name = `it has none before it connects, from ${address}`
  const check = () =>
    withDescriptors(keep => {
      const fd = keep(openUnconnected({ host: address, port: 1, localAddress: address }))
      assert.is(localPortOf(fd), 0)
    })
  if (address === source || hasIpv6) test(name, check)
  else test.skip(name, 'there is no IPv6 here')
}

const shared = 'connections to different targets may have the same one'
const share = () =>
  withDescriptors(keep => {
    const only = freePort()
    for (let target = 0; target < 3; target++) {
      const port = localPortOf(keep(openListening({ host: '127.0.0.1', port: 0 })))
      const fd = keep(openUnconnected({ host: '127.0.0.1', port, localAddress: source }))
      assert.ok(tryOption(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE, only * 2 ** 16 + only))
      const length = encodeAddress('127.0.0.1', port)
      assert.ok(connect(fd, addressPointer, length) === 0 || errno() === EINPROGRESS, `errno ${errno()}`)
      assert.is(localPortOf(fd), only)
    }
  })
if (canLimitPorts) test(shared, share)
else test.skip(shared, 'the kernel cannot limit the ports of one socket (6.3 or later is needed)')

test.run()
