/**
 * Runs a command to the end of its process: the exit code is what it answers, 0 when it answers none; an error is told
 * in one line and ends with `codeOf(error)`.
 */
export async function runCommand(
  main: () => Promise<number | void>,
  codeOf: (error: unknown) => number = () => 1,
): Promise<void> {
  try {
    process.exitCode = (await main()) ?? process.exitCode;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = codeOf(error);
  }
}
