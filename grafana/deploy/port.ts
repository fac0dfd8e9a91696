// What deploying needs of the world: requests to one Grafana, already signed.

export interface GrafanaAnswer {
  readonly status: number;
  readonly body: unknown;
}

export interface GrafanaRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Begins with `/api/`. */
  readonly path: string;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses that are no error although they are not 2xx. */
  readonly allow?: readonly number[];
}

/** Rejects with Grafana's own words for any other status. */
export type Grafana = (request: GrafanaRequest) => Promise<GrafanaAnswer>;

/** One thing that Grafana should hold, and what has to be done about it. */
export interface Step {
  readonly kind: 'folder' | 'data source' | 'dashboard' | 'contact point' | 'policy' | 'rule group';
  readonly name: string;
  readonly action: 'create' | 'change' | 'same' | 'delete' | 'keep';
  /** What differs, or why it stays. */
  readonly reason: string;
  /** Absent when nothing is to be done. */
  readonly apply?: () => Promise<void>;
}

export type Json = Readonly<Record<string, unknown>>;

export const asRecord = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};

export const asList = (value: unknown): Json[] => (Array.isArray(value) ? value.map(asRecord) : []);

/** The body of a GET, or undefined when there is nothing. */
export async function read(grafana: Grafana, path: string): Promise<unknown> {
  const { status, body } = await grafana({ method: 'GET', path, allow: [404] });
  return status === 404 ? undefined : body;
}

/** Paths of what is wanted and not held so; Grafana adds properties of its own, which do not count. */
export function differences(wanted: unknown, held: unknown, path = ''): string[] {
  if (Array.isArray(wanted)) {
    if (!Array.isArray(held) || held.length !== wanted.length) return [path === '' ? '(all)' : path];
    return wanted.flatMap((one, index) => differences(one, held[index], `${path}[${index}]`));
  }
  if (typeof wanted === 'object' && wanted !== null) {
    if (typeof held !== 'object' || held === null) return [path === '' ? '(all)' : path];
    return Object.entries(wanted).flatMap(([key, value]) =>
      value === undefined ? [] : differences(value, asRecord(held)[key], path === '' ? key : `${path}.${key}`),
    );
  }
  return wanted === held ? [] : [path];
}

/** The first few differences as a reason. */
export const reasonOf = (paths: readonly string[]): string =>
  paths.length <= 3 ? paths.join(', ') : `${paths.slice(0, 3).join(', ')} and ${paths.length - 3} more`;
