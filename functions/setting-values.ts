// Texts of the environment → values. What is wrong is collected.

export type Env = Readonly<Record<string, string | undefined>>;

/** Collects what is wrong, so that one start tells all. */
export class Problems {
  readonly #found: string[] = [];

  add(name: string, got: string | undefined, expected: string): void {
    const shown = got === undefined ? 'nothing' : got.length > 60 ? `${got.slice(0, 60)}…` : got;
    this.#found.push(`  ${name}: expected ${expected}, got ${shown}`);
  }

  throwIfAny(): void {
    if (this.#found.length === 0) return;
    const where = 'Set them in local.settings.json (Values), or in the function app’s application settings in Azure.';
    throw new Error(`Framewatch cannot start, its settings have problems:\n${this.#found.join('\n')}\n${where}`);
  }
}

/** An http(s) address, without a slash at its end. */
export function urlOf(env: Env, name: string, fallback: string | undefined, problems: Problems): string {
  const text = env[name] ?? fallback;
  if (text !== undefined && URL.canParse(text) && /^https?:$/.test(new URL(text).protocol))
    return text.replace(/\/$/, '');
  problems.add(name, text, 'an http(s) URL');
  return '';
}

/** A number within bounds. */
export function numberOf(
  env: Env,
  name: string,
  fallback: number,
  bounds: readonly [low: number, high: number],
  problems: Problems,
): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (Number.isFinite(value) && value >= bounds[0] && value <= bounds[1]) return value;
  problems.add(name, text, `a number from ${bounds[0]} to ${bounds[1]}`);
  return fallback;
}

/** `true` or `false`; false when nothing is said. */
export function flagOf(env: Env, name: string, problems: Problems): boolean {
  const text = env[name] ?? '';
  if (text !== '' && text !== 'true' && text !== 'false') problems.add(name, text, 'true or false');
  return text === 'true';
}

/** A JSON object; undefined when the setting is absent or none. */
export function jsonOf(env: Env, name: string, problems: Problems): Record<string, unknown> | undefined {
  const text = env[name];
  if (text === undefined || text === '') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Reported below: the text itself may hold secrets and is not shown.
  }
  problems.add(name, 'other text', 'a JSON object');
  return undefined;
}

/** The entries of a list with commas. */
export const listOf = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
