import type { ExpectedReply, ReplyFault } from './expected-reply.js'

const newline = 10

/** Characters of a wrong line that a failure quotes. */
const quotedLength = 200

/** A reply of one line that is judged as a whole. */
export class LineReply implements ExpectedReply {
  readonly #what: string
  readonly #longest: number
  readonly #judge: (line: string) => string | undefined
  #line: Buffer = Buffer.alloc(0)
  #complete = false
  #objection: string | undefined

  /**
   * `judge` returns what is wrong with the line, its newline left out, or undefined. `what` names the line; one of more
   * than `longest` bytes is wrong.
   */
  constructor(what: string, longest: number, judge: (line: string) => string | undefined) {
    this.#what = what
    this.#longest = longest
    this.#judge = judge
  }

  get state(): 'incomplete' | 'right' | 'wrong' {
    if (this.#objection !== undefined) return 'wrong'
    return this.#complete ? 'right' : 'incomplete'
  }

  get taken(): Uint8Array {
    return this.#line
  }

  read(bytes: Uint8Array, start: number): number {
    const at = bytes.indexOf(newline, start)
    const end = at === -1 ? bytes.length : at + 1
    const piece = bytes.subarray(start, end)
    // A copy: the bytes lie in a block that is used again.
    this.#line = Buffer.concat([this.#line, piece])
    if (at !== -1) this.#take()
    else if (this.#line.length > this.#longest) this.#objection = `has no newline in ${this.#longest} bytes`
    return end
  }

  #take(): void {
    this.#complete = true
    this.#objection = this.#judge(this.#line.toString('utf8', 0, this.#line.length - 1))
  }

  fault(_offset: number, _rest: Uint8Array): ReplyFault {
    const line = this.#line.toString('utf8', 0, quotedLength).replace(/\n$/, '')
    return { story: `the ${this.#what} ${JSON.stringify(line)} ${this.#objection ?? 'is not complete'}` }
  }
}
