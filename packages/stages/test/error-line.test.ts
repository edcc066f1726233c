import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { findErrorLine } from '../src/program/error-line.js'

const test = suite('error line')

/** What programs write when they die, and the line of it that its author would look for. */
const deaths: readonly (readonly [name: string, stderr: string, line: string])[] = [
  [
    'Node',
    `node:events:497
      throw er; // Unhandled 'error' event
      ^

Error: read ECONNRESET
    at TCP.onStreamRead (node:internal/stream_base_commons:216:20)
Emitted 'error' event on Socket instance at:
    at emitErrorNT (node:internal/streams/destroy:170:8) {
  errno: -104,
  code: 'ECONNRESET',
  syscall: 'read'
}

Node.js v20.20.0`,
    'Error: read ECONNRESET',
  ],
  [
    'Python',
    `Traceback (most recent call last):
  File "/x/echo.py", line 9, in <module>
    c.send(data)
BrokenPipeError: [Errno 32] Broken pipe`,
    'BrokenPipeError: [Errno 32] Broken pipe',
  ],
  [
    'Go',
    `listening on 8001
panic: runtime error: index out of range [5] with length 3

goroutine 1 [running]:
main.main()
\t/x/main.go:9 +0x1d
exit status 2`,
    'panic: runtime error: index out of range [5] with length 3',
  ],
  [
    'Rust',
    `thread 'main' panicked at src/main.rs:7:14:
called \`Option::unwrap()\` on a \`None\` value
note: run with \`RUST_BACKTRACE=1\` environment variable to display a backtrace`,
    "thread 'main' panicked at src/main.rs:7:14: called `Option::unwrap()` on a `None` value",
  ],
  [
    'Java',
    `Exception in thread "main" java.net.BindException: Address already in use
\tat java.base/sun.nio.ch.Net.bind0(Native Method)
\tat Echo.main(Echo.java:7)`,
    'Exception in thread "main" java.net.BindException: Address already in use',
  ],
  [
    'an assertion in C, behind a shell',
    `a.out: echo.c:31: main: Assertion \`n >= 0' failed.
Aborted (core dumped)`,
    "a.out: echo.c:31: main: Assertion `n >= 0' failed.",
  ],
  [
    'glibc',
    `free(): double free detected in tcache 2
sh: line 1: 4242 Aborted                 (core dumped) ./echo`,
    'free(): double free detected in tcache 2',
  ],
  [
    'AddressSanitizer',
    `=================================================================
==4242==ERROR: AddressSanitizer: heap-use-after-free on address 0x602000000010 at pc 0x55 bp 0x7f sp 0x7f
READ of size 1 at 0x602000000010 thread T0
    #0 0x55 in main /x/echo.c:9

SUMMARY: AddressSanitizer: heap-use-after-free /x/echo.c:9 in main
Shadow bytes around the buggy address:
  0x0c047fff7fb0: 00 00 00 00
==4242==ABORTING`,
    'SUMMARY: AddressSanitizer: heap-use-after-free /x/echo.c:9 in main',
  ],
  [
    'C++',
    `terminate called after throwing an instance of 'std::runtime_error'
  what():  no such client
Aborted`,
    'what():  no such client',
  ],
  ['perror', 'client 7 connected\naccept: Too many open files\nclosing', 'accept: Too many open files'],
  ['a log without an error', 'one\ntwo\nthree', 'three'],
  ['only the shell', 'Segmentation fault (core dumped)', 'Segmentation fault (core dumped)'],
  ['colours', '\x1b[31mError: \x01red\x1b[0m', 'Error: red'],
]

for (const [name, stderr, line] of deaths) {
  test(`finds what ${name} says`, () => {
    assert.is(findErrorLine(stderr.split('\n'))?.line, line)
  })
}

test('knows whether it is the last line', () => {
  assert.is(findErrorLine(['a', 'b'])?.isLast, true)
  assert.is(findErrorLine(['Error: a', 'Node.js v20.20.0'])?.isLast, false)
  assert.is(findErrorLine([]), undefined)
  assert.is(findErrorLine(['', ' ']), undefined)
})

test('returns one line that can be shown, whatever was written', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), lines => {
      const found = findErrorLine(lines)
      assert.not.match(found?.line ?? '', /[^\t\P{Cc}]/u)
      assert.ok((found?.line.length ?? 0) <= 301)
    })
  )
})

test.run()
