/** The part of the WebAssembly interface that kernel.ts uses: Node has it, but leaves its types to the browser's. */
interface Interface {
  readonly Memory: new (descriptor: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer }
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (
    module: object,
    imports: Record<string, Record<string, unknown>>
  ) => { readonly exports: Record<string, unknown> }
  readonly CompileError: new () => Error
}

export const { WebAssembly: webAssembly } = globalThis as unknown as { readonly WebAssembly: Interface }
