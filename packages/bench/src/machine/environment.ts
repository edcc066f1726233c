import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem } from 'node:os'

/** What the figures depend on. */
export interface Environment {
  readonly kernel: string
  readonly cpu: string
  readonly cores: number
  /** Bytes. */
  readonly memory: number
  /** How TCP adapts its rate here: it shows in streams, even on loopback. */
  readonly congestion: string
  readonly node: string
  readonly compiler: string
  /** The commit that was measured, with `+` when files were changed since; undefined outside a repository. */
  readonly commit: string | undefined
}

/** Describes this machine. */
export function describeEnvironment(compiler: string): Environment {
  return {
    kernel: `Linux ${release()}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory: totalmem(),
    congestion: congestion(),
    node: process.version,
    compiler: firstLine(compiler, ['--version']) ?? 'unknown',
    commit: commit(),
  }
}

function congestion(): string {
  try {
    return readFileSync('/proc/sys/net/ipv4/tcp_congestion_control', 'utf8').trim()
  } catch {
    return 'unknown'
  }
}

function commit(): string | undefined {
  const id = firstLine('git', ['-C', import.meta.dirname, 'rev-parse', '--short', 'HEAD'])
  if (id === undefined) return undefined
  const changed = firstLine('git', ['-C', import.meta.dirname, 'status', '--porcelain'])
  return changed ? `${id}+` : id
}

function firstLine(program: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n', 1)[0]
  } catch {
    return undefined
  }
}
