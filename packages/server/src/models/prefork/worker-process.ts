import { ProcessBoss } from './process-boss.js'

// Ctrl-C goes to the whole process group; the parent decides what it means.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})

const boss = new ProcessBoss()
const setup = boss.readSetup()
if (setup !== undefined) {
  process.title = `server: worker ${setup.worker}`
  const { serve } = setup.connections === 1 ? await import('./serve-one.js') : await import('./serve-several.js')
  try {
    await serve(setup, boss)
  } catch (error) {
    if ((error as Error).name !== 'StartError') throw error
    boss.tell({ kind: 'failed', message: (error as Error).message })
  }
}
// Whatever a protocol may still have open must not keep an ended worker alive.
boss.close(() => process.exit())
