import { closest, distance } from 'fastest-levenshtein'

/** What the program would have understood. */
export interface Known {
  /** Names of options without their dashes. */
  readonly options: readonly string[]
  readonly commands: readonly string[]
  /** The program and its command, such as `loadgen stream`. */
  readonly call: string
  /** What belongs after it, such as `<target>`. */
  readonly operands: string
  /** What the user wrote. */
  readonly words: readonly string[]
}

/** Turns a message of yargs into one line that says what was wrong, what was expected, and what to try. */
export function usageMessage(message: string, known: Known): string {
  const oneLine = message.replace(/\s*\n\s*/g, '; ').trim()
  const unknown = oneLine.match(/^Unknown (?:argument|command)s?: (.*)$/)
  if (unknown) return unknownWords(unknown[1]?.split(', ') ?? [], known)
  const [, missing] = oneLine.match(/^Missing required arguments?: (.*)$/) ?? []
  if (missing) return `missing ${missing.split(', ').map(dashed).join(', ')}; see ${known.call} --help`
  const [, lonely] = oneLine.match(/^Not enough arguments following: (.*)$/) ?? []
  if (lonely) return `${dashed(lonely)} needs a value; see ${known.call} --help`
  if (/^Not enough non-option arguments/.test(oneLine))
    return `missing argument; expected ${known.call} ${known.operands}`
  const [, option, given, choices] =
    oneLine.match(/^Invalid values:; Argument: (.*?), Given: (.*), Choices: (.*)$/) ?? []
  if (option && given === '""')
    return `${dashed(option)} needs a value; expected one of ${choices?.replaceAll('"', '')}`
  if (option)
    return `${dashed(option)}: ${quoted(given)} is not a choice; expected one of ${choices?.replaceAll('"', '')}`
  const [, one, other] = oneLine.match(/^Arguments (.*) and (.*) are mutually exclusive$/) ?? []
  if (one && other) return `${dashed(one)} and ${dashed(other)} exclude each other; expected only one of them`
  const [, needs, needed] = oneLine.match(/^Missing dependent arguments:; (.*) -> (.*)$/) ?? []
  if (needs && needed) return `${dashed(needs)} is of no use without ${dashed(needed)}`
  return oneLine
}

function unknownWords(names: readonly string[], known: Known): string {
  const name = names[0] ?? ''
  const option = known.words.find(word => word.replace(/=.*/s, '') === dashed(name))
  if (option === undefined) {
    const what = known.commands.length > 0 ? 'command' : 'argument'
    return `unknown ${what} '${name}'${suggestion(name, known.commands, '', known.call)}`
  }
  return `unknown option ${dashed(name)}${suggestion(name, known.options, '--', known.call)}`
}

/** Two wrong letters are a slip, more are another word. */
function suggestion(name: string, candidates: readonly string[], prefix: string, call: string): string {
  const best = candidates.length > 0 ? closest(name, candidates) : undefined
  const near = best !== undefined && distance(name, best) <= Math.min(2, Math.ceil(name.length / 3))
  return near ? `; did you mean ${prefix}${best}?` : `; see ${call} --help`
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`
}

function quoted(given = ''): string {
  return given.replaceAll('"', "'")
}
