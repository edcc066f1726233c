import type { BlameKind } from './verdict.js'

/** What usually makes a program fail, for a kind of blame of which a test has nothing more special to say. */
export const generalCauses: Readonly<Record<BlameKind, string>> = {
  start: 'a path in the command line that is not absolute (the program runs in a folder of its own; see --cwd)',
  connection: 'an error of one connection, or a limit that was reached, that the program takes for its own end',
  bytes:
    'a short read or write taken for a whole one, a buffer that is used again before it is written, or bytes that ' +
    'were turned into text and back',
  stall:
    'a call that blocks, or an event that is waited for and never comes: after an edge, epoll tells nothing more until ' +
    'the socket was read or written to EAGAIN',
  limit: 'something that is done or kept again and again, without a bound',
}
