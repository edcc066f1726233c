/** `host:port`, with brackets round an IPv6 host (RFC 3986, section 3.2.2). */
export function joinAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
