/** What a failed connection says of itself is where it went, not what to do. */
const AWAY = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH/;

function explained(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  if (AWAY.test(text))
    return `${text}\nNothing answers there. \`npm start\` brings up the local stack; --help lists the options that name another place.`;
  return text.startsWith('Unknown option') ? `${text.split('.')[0]}. --help lists all there are.` : text;
}

/**
 * Runs a command to the end of its process: the exit code is what it answers, 0 when it answers none; an error is told
 * in a line or two and ends with `codeOf(error)`.
 */
export async function runCommand(
  main: () => Promise<number | void>,
  codeOf: (error: unknown) => number = () => 1,
): Promise<void> {
  try {
    process.exitCode = (await main()) ?? process.exitCode;
  } catch (error) {
    console.error(explained(error));
    process.exitCode = codeOf(error);
  }
}
