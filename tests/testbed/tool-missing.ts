// The error for a tool of the test bed that is not available on this machine.

/** `remedy` is the command, or the fact, that helps. */
export class ToolMissing extends Error {
  constructor(
    readonly tool: string,
    readonly reason: string,
    readonly remedy: string,
  ) {
    super(`${tool} cannot be had: ${reason}\n  ${remedy}`);
  }
}
