// Errors that carry a code, which says to a program what the message says to a reader.

/** `code` is CUDA's, cuBLAS's or errno's own name, the name of a signal, or one of ours. */
export class CodedError<Code extends string = string> extends Error {
  override readonly name: string = 'CodedError';
  readonly code: Code;
  constructor(code: Code, message: string) {
    super(message);
    this.code = code;
  }
}

/** Code and message of anything thrown. */
export function coded(error: unknown): { code: string; message: string } {
  if (!(error instanceof Error)) return { code: 'EUNKNOWN', message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return { code, message: error.message };
}
