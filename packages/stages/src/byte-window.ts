/** How many bytes a window shows before the interesting one and in all. */
const before = 32
const width = 96
const perLine = 16

/** About a hundred bytes round `at`, as lines of offset, hexadecimal and ASCII; the interesting byte in brackets. */
export function byteWindow(content: Uint8Array, at: number): string[] {
  const start = Math.max(0, Math.floor((at - before) / perLine) * perLine)
  const end = Math.min(content.length, start + width)
  const lines: string[] = []
  for (let lineStart = start; lineStart < end; lineStart += perLine) {
    const line = [...content.subarray(lineStart, Math.min(end, lineStart + perLine))]
    const hex = line.map((byte, index) => mark(byte.toString(16).padStart(2, '0'), lineStart + index === at)).join('')
    const ascii = line.map(byte => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('')
    lines.push(`${lineStart.toString(16).padStart(8, '0')} ${hex.padEnd(perLine * 4)}|${ascii}|`)
  }
  return lines
}

function mark(text: string, marked: boolean): string {
  return marked ? `[${text}]` : ` ${text} `
}
