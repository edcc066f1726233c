import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { EvidenceFolder, type RunSettings } from '../src/evidence-folder.js'
import type { TestResult } from '../src/verdict.js'
import { withPlace } from './fixture.js'

const test = suite('evidence folder')

const settings: RunSettings = { stage: 10, target: 'node echo.js', ports: [8001], scale: 'full', seed: 7 }

const result: TestResult = {
  id: 'cpu',
  verdict: 'pass',
  reason: 'passed',
  asks: { input: '', expected: '' },
  measured: { cpuPercent: 0 },
  limit: { cpuPercent: 10 },
  evidence: {},
  seconds: 20,
}

function withFolder(use: (evidence: EvidenceFolder) => void): Promise<void> {
  return withPlace(0, async ({ folder }) => use(new EvidenceFolder(join(folder, 'evidence'))))
}

test('gives back what one run recorded', () =>
  withFolder(evidence => {
    evidence.begin(settings)
    evidence.record(result, settings)
    const { id, verdict, measured } = evidence.result('cpu') as TestResult
    assert.equal({ id, verdict, measured }, { id: 'cpu', verdict: 'pass', measured: { cpuPercent: 0 } })
    assert.is(evidence.result('memory'), undefined)
    assert.is(evidence.settings?.seed, 7)
  }))

test('forgets the results of earlier runs', () =>
  withFolder(evidence => {
    evidence.begin(settings)
    evidence.record(result, settings)
    evidence.begin(settings)
    assert.is(evidence.result('cpu'), undefined)
  }))

test('takes no result of another run, nor one made under other settings, for one of this run', () =>
  withFolder(evidence => {
    evidence.begin(settings)
    evidence.record(result, { ...settings, scale: 'quick' })
    assert.is(evidence.result('cpu'), undefined, 'quick instead of full')
    evidence.record(result, { ...settings, target: 'another' })
    assert.is(evidence.result('cpu'), undefined, 'another program')
    writeFileSync(join(evidence.path, 'cpu.json'), JSON.stringify({ ...result, run: 'another', settings }))
    assert.is(evidence.result('cpu'), undefined, 'another run')
  }))

test('takes a file that is cut off, or a folder without a run, for nothing', () =>
  withFolder(evidence => {
    assert.is(evidence.result('cpu'), undefined)
    mkdirSync(evidence.path)
    writeFileSync(join(evidence.path, 'run.json'), '{"run": "x"')
    assert.is(evidence.settings, undefined)
  }))

test('begins a run for a test that is run alone, unless there is one', () =>
  withFolder(evidence => {
    evidence.ensureBegun(settings)
    evidence.record(result, settings)
    evidence.ensureBegun({ ...settings, seed: 8 })
    assert.is(evidence.result('cpu')?.verdict, 'pass')
  }))

test('removes no folder in which anything but evidence is', () =>
  withFolder(evidence => {
    mkdirSync(evidence.path)
    writeFileSync(join(evidence.path, 'thesis.txt'), 'the only copy')
    assert.throws(() => evidence.begin(settings), /holds something other than evidence/)
    assert.ok(existsSync(join(evidence.path, 'thesis.txt')))
  }))

test('fails at once where no folder can be made', () => {
  assert.throws(() => new EvidenceFolder('/proc/nowhere/evidence').begin(settings), /ENOENT/)
})

test.run()
