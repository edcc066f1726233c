/** The pattern of a whole reply, its newline left out. Throws a SyntaxError. */
export function replyPattern(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`, 's')
}
