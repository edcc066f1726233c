import type { Options } from 'yargs'
import { parseCharset } from '../payload/charset.js'
import type { Problems } from '../problems.js'
import { type Arguments, given, text } from '../workload.js'
import type { MessageProtocol } from './message-protocol.js'
import { type ProtocolName, protocolNamed, protocolNames } from './protocols.js'

/** Which protocol the messages of a workload are in. */
export interface ProtocolPlan {
  /** Default `echo`. */
  readonly protocol?: ProtocolName
  /** In whose name messages are sent, where the protocol has users. Default: one whom the server knows by default. */
  readonly user?: string
}

/** Bytes. The client of a protocol holds what it has sent until the reply has come. */
const longestText = 1024 * 1024

export const protocolOptions: Readonly<Record<string, Options>> = {
  protocol: { type: 'string', describe: `What the server speaks: ${protocolNames.join(', ')} [default: echo]` },
  user: { type: 'string', describe: 'journal: who sends [default: arijort]' },
}

/** The protocol part of a plan. */
export function protocolPlanFrom(args: Arguments): ProtocolPlan {
  return given({ protocol: text(args, 'protocol') as ProtocolName, user: text(args, 'user') })
}

export function resolveProtocol({ protocol = 'echo', user }: ProtocolPlan) {
  return { protocol, user: user ?? protocolNamed(protocol)?.defaultUser ?? '' }
}

/** What a plan with messages has that protocols have a say in. */
interface Texts extends Required<ProtocolPlan> {
  readonly size: { readonly maximum: number }
  readonly charset: string
  readonly message: string
}

export function validateProtocol(plan: Texts, problems: Problems): void {
  const { protocol: name, user } = plan
  const protocol = protocolNamed(name)
  if (protocol === undefined) {
    problems.add(`--protocol ${name}: expected one of ${protocolNames.join(', ')}`)
    return
  }
  if (protocol.defaultUser === undefined) {
    problems.expect(user === '', `--user is of no use with --protocol ${name}; expected --protocol journal`)
  } else {
    problems.expect(/^[!-9;-~]+$/.test(user), `--user '${user}': expected printable ASCII without spaces and colons`)
  }
  if (protocol.converse !== undefined) validateTexts(plan, protocol, problems)
}

function validateTexts(
  { protocol: name, message, charset, size }: Texts,
  protocol: MessageProtocol,
  problems: Problems
) {
  const advice = `--protocol ${name} frames it`
  if (message !== '') {
    const bytes = Buffer.from(message, 'base64')
    const objection = protocol.objection(bytes)
    if (objection !== undefined) problems.add(`--message: ${objection}; ${advice}`)
    problems.expect(bytes.length <= longestText, `--message: expected at most ${longestText} bytes with --protocol`)
    return
  }
  problems.expect(
    size.maximum <= longestText,
    `--size ${size.maximum}: expected at most ${longestText} with --protocol`
  )
  const objection = objectionToCharset(charset, protocol)
  if (objection !== undefined) problems.add(`--charset ${charset}: ${objection}; ${advice}`)
}

/** A charset that cannot be read is told elsewhere. */
function objectionToCharset(charset: string, protocol: MessageProtocol): string | undefined {
  try {
    return protocol.objection(parseCharset(charset))
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
