import { stripVTControlCharacters } from 'node:util'

/** What shells, runtimes and sanitizers say after the error, or around it. */
const surroundings: readonly RegExp[] = [
  // Shells about a signal: the exit status tells it better.
  /^(\S+: )*(line )?(\d+:? +)*(Aborted|Killed|Terminated|Hangup|Segmentation fault|Bus error)( +\(core dumped\))?( .*)?$/,
  // Node, and what it prints of an error's properties and stack.
  /^Node\.js v\d/,
  /^\s+at /,
  /^node:\w+/,
  /^[\s^~|]*$/,
  /^[\s{}()[\],;]*$/,
  /^\s*(errno|code|syscall|address|port|throw er|fd): ?/,
  /^Emitted 'error' event/,
  // Python, Go, Rust.
  /^\s*File "/,
  /^Traceback /,
  /^goroutine \d+/,
  /^exit status \d+$/,
  /^note: run with `RUST_BACKTRACE/,
  // make, npm and pnpm about what they ran.
  /^make(\[\d+\])?: \*\*\*/,
  /^npm (ERR!|error)/,
  /^\s*ELIFECYCLE/,
  /ABORTING$/,
]

/** Somebody ends because of it. */
const fatal: readonly RegExp[] = [
  /(Address|Thread|Memory|Leak|UndefinedBehavior)Sanitizer/,
  /\bpanic(ked)?\b/i,
  /\bassert(ion)?\b.*\bfail/i,
  /\bfatal\b/i,
  /terminate called|^\s*what\(\): |runtime error/,
  /double free|stack smashing|corrupted|invalid pointer|out of memory|heap limit/i,
  /Segmentation fault|Bus error|Illegal instruction|Floating point exception/,
  /^(Uncaught )?[\w.$]*(Error|Exception)\b( \[\w+\])?(:|$)/,
  /^(Exception in|Unhandled|Uncaught|Caused by:)/i,
]

/** Something went wrong. */
const wrong: readonly RegExp[] = [
  /\b(error|exception|failed|failure|cannot|can't|could not|unable|denied|refused|invalid)\b/i,
  /\b(Broken pipe|Connection reset|Too many open files|Bad file descriptor|Address already in use|No such file)\b/i,
  /\bE[A-Z]{4,}\b/,
]

/** What a sentence can carry, in characters. */
const longest = 300

/** The line that tells best what went wrong, and whether it is the last one that says anything. */
export interface ErrorLine {
  readonly line: string
  readonly isLast: boolean
}

/**
 * Of what a program wrote last, the line that looks most like the error: the message of a panic, an exception, a failed
 * assertion or a sanitizer rather than the stack, the shell or the runtime's version that follow it. The last line, when
 * none does; undefined when there is no line.
 */
export function findErrorLine(lines: readonly string[]): ErrorLine | undefined {
  const readable = lines
    .map(line =>
      stripVTControlCharacters(line)
        .replace(/[^\t\P{Cc}]/gu, '')
        .trimEnd()
    )
    .filter(line => line.trim() !== '')
  const ranks = readable.map(rank)
  const highest = Math.max(...ranks)
  const at = ranks.lastIndexOf(highest)
  const found = readable[at]
  if (found === undefined) return undefined
  const next = readable[at + 1]
  // Rust says where on one line and what on the next.
  const line = found.endsWith(':') && next !== undefined ? `${found} ${next.trim()}` : found
  return { line: shorten(line.trim()), isLast: at === readable.length - 1 }
}

function rank(line: string): number {
  const looksLike = (patterns: readonly RegExp[]) => patterns.some(pattern => pattern.test(line))
  if (looksLike(surroundings)) return 0
  if (looksLike(fatal)) return 3
  return looksLike(wrong) ? 2 : 1
}

function shorten(line: string): string {
  return line.length > longest ? `${line.slice(0, longest)}…` : line
}
