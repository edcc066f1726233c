import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { Client } from '../client.js'
import { type KvTarget, original, ourTargets } from './kv-targets.js'

const test = suite('kv beside memcached', { timeLimit: 60_000 })

const long = 'k'.repeat(250)

/** What is said, one conversation after the other, to each server in the same state. */
const same: readonly string[] = [
  'set a 5 0 3\r\nabc\r\nget a\r\ngets a\r\nget a b a\r\nget b\r\n',
  'set e 0 0 0\r\n\r\nget e\r\n',
  `set ${long} 0 0 1\r\nx\r\nget ${long}\r\n`,
  ...['set KEY 0 0 1', 'get KEY', 'delete KEY', 'incr KEY 1', 'touch KEY 1', 'gat 1 KEY'].map(
    command => `${command.replace('KEY', `${long}k`)}\r\n`
  ),
  'add a 0 0 1\r\nx\r\nadd new 1 0 1\r\nx\r\nget new\r\nreplace new 2 0 1\r\ny\r\nreplace none 0 0 1\r\ny\r\nget new\r\n',
  'append a 9 0 2\r\nde\r\nprepend a 9 0 1\r\n_\r\nget a\r\nappend none 0 0 1\r\nx\r\nprepend none 0 0 1\r\nx\r\n',
  'cas none 0 0 1 1\r\nx\r\ncas a 0 0 1 1\r\nx\r\ncas a 0 0 1 18446744073709551615\r\nx\r\ncas a 0 0 1\r\n',
  'cas a 0 0 1 x\r\ncas a 0 0 1 -1\r\n',
  'incr none 1\r\ndecr none 1\r\nset n 7 0 2\r\n10\r\nincr n 5\r\nincr n 0\r\ndecr n 4\r\nget n\r\nincr n 90\r\nget n\r\n',
  'set n 0 0 20\r\n18446744073709551615\r\nincr n 1\r\nset n 0 0 1\r\n5\r\ndecr n 6\r\n',
  'set n 0 0 1\r\nx\r\nincr n 1\r\ndecr n 1\r\nincr n x\r\nincr n -1\r\nincr n 18446744073709551616\r\nincr n\r\n',
  'set n 0 0 2\r\n-1\r\nincr n 1\r\nset n 0 0 21\r\n118446744073709551616\r\nincr n 1\r\nset n 0 0 0\r\n\r\nincr n 1\r\n',
  'touch none 1\r\ntouch a 100\r\ntouch a x\r\ntouch a\r\ngat 100 a\r\ngat 100 none\r\ngat 100 a none a\r\ngats 0 a\r\ngat\r\ngat x a\r\n',
  'delete none\r\ndelete a\r\nget a\r\ndelete a 0\r\ndelete a 1\r\ndelete a noreply\r\ndelete a 0 noreply\r\ndelete\r\ndelete a b c d\r\n',
  'set gone 0 -1 1\r\nx\r\nget gone\r\nadd gone 0 0 1\r\ny\r\nget gone\r\nset old 0 1000000000 1\r\nx\r\nget old\r\n',
  'set a 0 0 1\r\nx\r\ntouch a -1\r\nget a\r\n',
  'set a 1 0 1 noreply\r\nx\r\nadd a 0 0 1 noreply\r\ny\r\nget a\r\ndelete a noreply\r\nget a\r\nflush_all noreply\r\nget new\r\n',
  'set n 0 0 1\r\n1\r\nincr n 1 noreply\r\ndecr n 1 noreply\r\ntouch n 0 noreply\r\nget n\r\nincr n x noreply\r\nget n\r\n',
  'flush_all\r\nget n\r\nset n 0 0 1\r\n1\r\nget n\r\nflush_all 0\r\nget n\r\nflush_all x\r\nflush_all 100\r\nget n\r\n',
  'nonsense\r\n\r\n \r\nGET a\r\nget\r\ngets\r\nset\r\nset a\r\nset a 0 0\r\nverbosity\r\nverbosity 1\r\nstats nonsense\r\n',
  'set a x 0 1\r\nset a 0 x 1\r\nset a 0 0 x\r\nset a -1 0 1\r\nset a 0 0 -1\r\n',
  'set a 4294967295 0 1\r\nx\r\nget a\r\n',
  'set a 0 0 3\r\nabcdef\r\nget a\r\n',
  'set a 0 0 4\r\na\r\nb\r\nget a\r\n',
  `set b 0 0 ${1024 * 1024 + 1}\r\n${'x'.repeat(1024 * 1024 + 1)}\r\nget b\r\n`,
  `set b 0 0 900000\r\n${'x'.repeat(900_000)}\r\nget b\r\n`,
  `${Array.from({ length: 100 }, (_, key) => `set k${key} 0 0 2\r\nxx\r\n`).join('')}get ${Array.from({ length: 100 }, (_, key) => `k${key}`).join(' ')}\r\n`,
  '  set   s   0  0 1  \r\nx\r\n  get   s  \r\n',
  'set s\t1 0 0 1\r\nx\r\nget s\t1\r\n',
]

/** Where our answer is another one, on purpose: what is said, what memcached answers, what we answer, and why. */
const different: readonly (readonly [said: string, theirs: RegExp, ours: RegExp, why: string])[] = [
  [
    'set n 0 0 2\r\n10\r\ndecr n 1\r\nget n\r\n',
    /VALUE n 0 2\r\n9 \r\n/,
    /VALUE n 0 1\r\n9\r\n/,
    'a number that has become shorter is not filled up with spaces',
  ],
  ['set t 3\r\nabc\r\n', /^ERROR\r\nERROR\r\n/, /^STORED\r\n/, 'a set may come without flags and exptime'],
  ['set l 0 0 1\nx\nget l\nversion\r\n', /bad data chunk/, /^STORED\r\nVALUE l/, 'a value may be followed by LF alone'],
  [
    `set o 0 0 1\r\nx\r\nset o 0 0 9000000\r\n${'x'.repeat(9_000_000)}\r\nget o\r\n`,
    /^STORED\r\nSERVER_ERROR object too large for cache\r\nEND\r\n/,
    /^STORED\r\nSERVER_ERROR object too large for cache\r\nVALUE o 0 1\r\nx\r\nEND\r\n/,
    'a value that is refused does not cost the old one',
  ],
  ['version x\r\n', /^VERSION/, /^ERROR/, 'what takes no words takes none'],
  ['gat 1\r\n', /^END/, /^ERROR/, 'a retrieval needs a key'],
  [
    'set f 4294967296 0 1\r\nx\r\n',
    /^STORED/,
    /^CLIENT_ERROR bad command line format\r\nERROR/,
    'flags that do not fit into 32 bits would not come back as they were',
  ],
]

/** Says it, and returns what is answered up to the answer to a last command that cannot be mistaken. */
async function converse(port: number, said: string): Promise<string> {
  const client = await Client.connect(port)
  try {
    const all = client.readAll()
    void client.write(Buffer.from(`${said}get the-end-of-this-test\r\nquit\r\n`, 'latin1')).catch(() => {})
    const text = (await all).toString('latin1')
    client.end()
    return withoutUniques(text)
  } finally {
    client.socket.destroy()
  }
}

/** Unique numbers are each server's own: here they are 1, 2, 3 in the order in which they come. */
function withoutUniques(text: string): string {
  const seen: string[] = []
  return text.replaceAll(/^(VALUE \S+ \d+ \d+) (\d+)\r$/gm, (_, start: string, unique: string) => {
    if (!seen.includes(unique)) seen.push(unique)
    return `${start} #${seen.indexOf(unique) + 1}\r`
  })
}

async function transcript(target: KvTarget, script: readonly string[]): Promise<string[]> {
  const answers: string[] = []
  await target.run(async port => {
    for (const said of script) answers.push(await converse(port, said))
  })
  return answers
}

const ours = ourTargets[0] as KvTarget

if (original === undefined) {
  test.skip('the same script', 'this machine has no memcached')
} else {
  const theirs = original
  test('the same script gets the same answers', async () => {
    const [expected, actual] = await Promise.all([transcript(theirs, same), transcript(ours, same)])
    same.forEach((said, index) => {
      assert.is(actual[index], expected[index], `to ${said.slice(0, 300)}`)
    })
  })

  test('where the answers differ, they do so as listed', async () => {
    const script = different.map(([said]) => said)
    const [expected, actual] = await Promise.all([transcript(theirs, script), transcript(ours, script)])
    different.forEach(([said, theirAnswer, ourAnswer, why], index) => {
      assert.match(expected[index] as string, theirAnswer, `memcached, to ${said.slice(0, 300)}`)
      assert.match(actual[index] as string, ourAnswer, why)
    })
  })
}

test.run()
