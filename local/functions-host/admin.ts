import { HOST_VERSION, type RegisteredFunction } from './core-api.ts';
import { triggerOf, type Invoker } from './invoke.ts';
import { timerPayload } from './timers.ts';

// `/admin/…`: status, the list of functions, and running one by hand. Open to everyone who reaches this host, as Core Tools leaves it.

export interface AdminContext {
  readonly functions: ReadonlyMap<string, RegisteredFunction>;
  readonly invoker: Invoker;
  readonly baseUrl: string;
  readonly startedMs: number;
  isDisabled(name: string): boolean;
}

export interface AdminAnswer {
  readonly status: number;
  readonly json?: unknown;
}

function description(target: RegisteredFunction, context: AdminContext): object {
  const { name, bindings } = target.metadata;
  const config = { bindings: Object.entries(bindings).map(([binding, info]) => ({ ...info, name: binding })) };
  return {
    name,
    href: `${context.baseUrl}/admin/functions/${name}`,
    isDisabled: context.isDisabled(name),
    language: 'node',
    config,
  };
}

/** What a function is given when it is run by hand with `{"input": …}`. */
function inputOf(target: RegisteredFunction, input: unknown, baseUrl: string): Parameters<Invoker['invoke']>[1] {
  const reason = 'This function was programmatically called via the host APIs.';
  const text = typeof input === 'string' ? input : JSON.stringify(input ?? '');
  const { type } = triggerOf(target);
  if (type === 'timerTrigger') return { reason, data: { json: timerPayload(Date.now(), undefined, false) } };
  if (type === 'httpTrigger') {
    return {
      reason,
      data: {
        http: {
          url: `${baseUrl}/`,
          method: 'POST',
          headers: {},
          query: {},
          params: {},
          body: { bytes: Buffer.from(text) },
        },
      },
    };
  }
  return { reason, data: { string: text } };
}

function runByHand(target: RegisteredFunction, body: Buffer | undefined, context: AdminContext): AdminAnswer {
  let request: unknown;
  try {
    request = JSON.parse(body?.toString('utf8') ?? '');
  } catch {
    return { status: 400 };
  }
  const input: unknown =
    typeof request === 'object' && request !== null && 'input' in request ? request.input : undefined;
  void context.invoker.invoke(target, inputOf(target, input, context.baseUrl));
  return { status: 202 };
}

/** Answers a path below `/admin`. */
export function admin(method: string, path: string, body: Buffer | undefined, context: AdminContext): AdminAnswer {
  const isRead = method === 'GET';
  if (path === '/admin/host/ping' && (isRead || method === 'POST')) return { status: 200 };
  if (path === '/admin/warmup' && isRead) return { status: 200 };
  if (path === '/admin/host/status' && isRead) {
    const processUptime = Date.now() - context.startedMs;
    return {
      status: 200,
      json: {
        id: 'framewatch-local',
        state: 'Running',
        version: HOST_VERSION,
        versionDetails: HOST_VERSION,
        processUptime,
      },
    };
  }
  if (path === '/admin/functions' && isRead) {
    return { status: 200, json: [...context.functions.values()].map((target) => description(target, context)) };
  }
  const [, name, tail] = /^\/admin\/functions\/([^/]+)(\/status)?$/.exec(path) ?? [];
  const target = [...context.functions.values()].find(
    (candidate) => candidate.metadata.name.toLowerCase() === name?.toLowerCase(),
  );
  if (!target) return { status: 404 };
  if (tail !== undefined)
    return isRead ? { status: 200, json: { isDisabled: context.isDisabled(target.metadata.name) } } : { status: 404 };
  if (isRead) return { status: 200, json: description(target, context) };
  return method === 'POST' ? runByHand(target, body, context) : { status: 404 };
}
