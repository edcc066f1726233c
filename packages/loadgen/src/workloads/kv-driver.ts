import { performance } from 'node:perf_hooks'
import { Commands } from '../kv/commands.js'
import { KeyNames } from '../kv/key-names.js'
import { KeySpace } from '../kv/key-space.js'
import { Preload } from '../kv/preload.js'
import { RequestChoice, ranksOf } from '../kv/request-choice.js'
import { ValueContent } from '../kv/value-content.js'
import { WriteHistory } from '../kv/write-history.js'
import type { Resolved } from '../plan.js'
import type { CreateDriver } from '../thread/driver.js'
import type { Session } from '../thread/session.js'
import type { KvPlan } from './kv.js'
import { KvConnection, type KvThread } from './kv-connection.js'
import { createMessageFlow } from './message-flow.js'

export const kvDriver: CreateDriver<KvPlan> = (session, plan) => {
  const spaces = keySpaces(session, plan)
  const names = new KeyNames(plan.seed)
  const values = new ValueContent(session.memory, plan.seed)
  const now = performance.now()
  const history = new WriteHistory(plan.keys * plan.targets.length, Date.now() - now, now)
  const preload = new Preload(plan.noPreload ? new Map() : spaces)
  const counts = { sets: 0, hits: 0, misses: 0 }
  const flow = createMessageFlow<KvConnection>({
    session,
    plan,
    sizeOf: connection => connection.chooseNext(),
    begin: (connection, _size, due, now) => connection.sendNext(due, now),
  })
  const thread: KvThread = { plan, commands: new Commands(names, plan.expiry / 1000), preload, flow, counts }
  const ranks = ranksOf(plan)
  return {
    duration: plan.duration,
    createConnection(number) {
      const target = number % plan.targets.length
      const space = spaces.get(target) as KeySpace
      return new KvConnection(session, number, thread, {
        context: { names, values, history, space, expectHits: plan.expectHits },
        choice: new RequestChoice(plan.seed, number, plan, ranks, space),
        target,
      })
    },
    // The connection that stood last begins only after this.
    prepare: ready => void session.loop.timer(0, () => preload.whenDone(ready)),
    traffic: at => flow.start(at),
    stop: complete => flow.stop(complete),
    lag: () => flow.lag(),
    kv: () => ({ ...counts, preloaded: preload.preloaded, preloadTime: preload.time }),
  }
}

/** Of the targets that the thread has connections to, by index. */
function keySpaces({ share }: Session, { keys, targets, connections }: Resolved<KvPlan>): Map<number, KeySpace> {
  const spaces = new Map<number, KeySpace>()
  for (let number = share.index; number < connections && spaces.size < targets.length; number += share.count) {
    const target = number % targets.length
    if (!spaces.has(target)) {
      spaces.set(target, new KeySpace({ keys, target, targets: targets.length, connections, share }))
    }
  }
  return spaces
}
