// Azure Resource Manager over its REST interface: paths with an API version, lists page by page, long operations to their end.
import { httpFor, type Http, type HttpOptions } from './http.ts';
import type { Settings } from './settings.ts';

export interface Arm {
  /** The resource, or undefined when there is none. */
  get(path: string, apiVersion: string): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** Members of all pages of a list. */
  list(path: string, apiVersion: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  send(method: 'PUT' | 'POST' | 'PATCH', path: string, apiVersion: string, json?: unknown): Promise<unknown>;
  /** False when it was not there. */
  delete(path: string, apiVersion: string): Promise<boolean>;
}

const PUBLIC_CLOUD = 'https://management.azure.com';
const POLL_MS = 5000;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

/** A text property, or the fallback. */
export const textOf = (value: unknown, fallback = ''): string => (typeof value === 'string' ? value : fallback);

/** Follows Azure-AsyncOperation or Location until the operation has ended. */
async function followed(
  http: Http,
  url: string,
  options: HttpOptions,
  pollMs: number,
): Promise<{ status: number; body: unknown }> {
  const first = await http(url, options);
  const operation = first.headers.get('azure-asyncoperation');
  const location = first.headers.get('location');
  if (![201, 202].includes(first.status) || (operation ?? location) === null) return first;
  for (;;) {
    const seconds = Number(first.headers.get('retry-after') ?? Number.NaN);
    await sleep(Number.isFinite(seconds) ? Math.min(seconds * 1000, pollMs) : pollMs);
    const answer = await http(operation ?? location ?? '');
    const { status, error } = record(answer.body) as { status?: string; error?: { message?: string } };
    if (operation === null) {
      if (answer.status !== 202) return answer;
    } else if (status !== undefined && ['Succeeded', 'Failed', 'Canceled'].includes(status)) {
      if (status !== 'Succeeded') throw new Error(`the operation ended as ${status}: ${error?.message ?? 'no reason'}`);
      return answer;
    }
  }
}

/** ARM of the public cloud, or of the URL in AZURE_RESOURCE_MANAGER_URL (other clouds, tests). */
export function armOf(settings: Settings, http = httpFor(`${PUBLIC_CLOUD}/.default`), pollMs = POLL_MS): Arm {
  const base = (settings.get('AZURE_RESOURCE_MANAGER_URL') ?? PUBLIC_CLOUD).replace(/\/$/, '');
  const at = (path: string, apiVersion: string): string =>
    `${base}${path}${path.includes('?') ? '&' : '?'}api-version=${apiVersion}`;
  return {
    async get(path, apiVersion) {
      const { status, body } = await http(at(path, apiVersion), { allow: [404] });
      return status === 404 ? undefined : record(body);
    },
    async list(path, apiVersion) {
      const members: Readonly<Record<string, unknown>>[] = [];
      let next: string | undefined = at(path, apiVersion);
      while (next !== undefined) {
        const { status, body } = await http(next, { allow: [404] });
        if (status === 404) break;
        const { value, nextLink } = record(body);
        members.push(...(Array.isArray(value) ? value.map(record) : []));
        next = typeof nextLink === 'string' && nextLink !== '' ? nextLink : undefined;
      }
      return members;
    },
    async send(method, path, apiVersion, json) {
      return (await followed(http, at(path, apiVersion), { method, json: json ?? {} }, pollMs)).body;
    },
    async delete(path, apiVersion) {
      const { status } = await followed(http, at(path, apiVersion), { method: 'DELETE', allow: [204, 404] }, pollMs);
      return status !== 204 && status !== 404;
    },
  };
}
