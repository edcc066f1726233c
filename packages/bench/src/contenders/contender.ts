import type { Command } from '../program.js'

interface ContenderBase {
  /** How it is called on the command line. */
  readonly name: string
  /** What it is, for people. */
  readonly title: string
  /** Whether it is what this repository makes, and not a yardstick. */
  readonly ours?: true
}

/** A program that is measured in the role of an echo server. */
export interface ServerContender extends ContenderBase {
  readonly role: 'server'
  /**
   * Makes it ready to be started: finds its tools, compiles it. Throws `Missing` when that cannot be done here.
   * Returns what to start for a given port on 127.0.0.1.
   */
  prepare(): Promise<Launch>
  /** The most connections that it can hold in its nature, when that is a limit, and why. */
  readonly connectionLimit?: { readonly most: number; readonly why: string }
  /** Descriptors that it holds for each connection, when it is not one. */
  readonly descriptorsPerConnection?: number
}

/** A program that is measured in the role of a key-value store. */
export interface StoreContender extends ContenderBase {
  readonly role: 'store'
  prepare(): Promise<Launch>
}

/** The programs to start for a port, each listening when the next is started. `backend` is a second free port. */
export type Launch = (port: number, backend: number) => readonly (Command & { readonly listensOn: number })[]

/** A program that is measured in the role of a load generator. */
export interface LoadContender extends ContenderBase {
  readonly role: 'load'
  prepare(): Promise<LoadLaunch>
}

/** How to make the loads of the generator cases. A generator that has none of a kind does not take part in that case. */
export interface LoadLaunch {
  /** The server that it needs instead of the echo server, for a generator with a protocol of its own. */
  readonly server?: Launch
  /** Messages of a size, each sent when the reply to the one before has come. */
  readonly requests?: (port: number, load: MessageLoad) => LoadRun
  /** Messages of a size at a fixed rate a second over all connections, whether or not replies come. */
  readonly fixedRate?: (port: number, load: MessageLoad & { readonly rate: number }) => LoadRun
  /** So many bytes through one connection and back. */
  readonly stream?: (port: number, load: { bytes: number }) => LoadRun
}

/** How many connections, bytes of each message, and for how many seconds: before what counts, and what counts. */
export interface MessageLoad {
  readonly connections: number
  readonly size: number
  readonly warmUp: number
  readonly seconds: number
}

/** One run of a load generator. */
export interface LoadRun {
  readonly command: Command
  /** Whether a line on stdout says that what counts begins now; the last such line does. Else it begins at the start. */
  readonly begins?: (line: string) => boolean
  /** What its output on stdout says. Throws when it says that the run failed. */
  readonly result: (stdout: string) => LoadResult
}

export interface LoadResult {
  /** Messages that came back, where they are counted. */
  readonly messages: number
  /** Bytes that came back. */
  readonly bytes: number
  /** The time that it took. */
  readonly seconds: number
  /** CPU time of the generator in that time, where it says so; else that of its whole life counts. */
  readonly cpuSeconds?: number
  /** Of a fixed rate: milliseconds from when a message was due until its reply was there. */
  readonly latency?: { readonly p50: number; readonly p99: number; readonly p999: number }
}

export type Contender = ServerContender | StoreContender | LoadContender
