// Reading options of the command line that mean times and numbers.

/** @throws Error that names the option */
export function instantOf(text: string | undefined, option: string): Date | undefined {
  if (text === undefined) return undefined;
  const time = new Date(text);
  if (Number.isNaN(time.getTime()))
    throw new Error(`--${option}: expected a time such as 2026-11-01T12:00:00Z, got '${text}'`);
  return time;
}

/** @throws Error that names the option */
export function countOf(text: string, option: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1)
    throw new Error(`--${option}: expected a number above 0, got '${text}'`);
  return count;
}
