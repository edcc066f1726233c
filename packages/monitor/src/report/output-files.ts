import { closeSync, openSync, writeFileSync } from 'node:fs'

/** Where the results go besides stdout; undefined for what nobody asked for. */
export interface OutputFiles {
  readonly json: ((text: string) => void) | undefined
  readonly csv: ((text: string) => void) | undefined
}

/** Opens the files before anything is started or measured, so that a wrong name costs neither. Throws as open(2) fails. */
export function openOutputFiles(json: string | undefined, csv: string | undefined): OutputFiles {
  return { json: open(json), csv: open(csv) }
}

function open(file: string | undefined): ((text: string) => void) | undefined {
  if (file === undefined) return undefined
  const descriptor = openSync(file, 'w')
  return text => {
    writeFileSync(descriptor, text)
    closeSync(descriptor)
  }
}
