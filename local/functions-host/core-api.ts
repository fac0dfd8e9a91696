import Module from 'node:module';

// The runtime's side of `@azure/functions`: the CommonJS module `@azure/functions-core`, which exists only inside a worker.
// The real worker supplies it by patching `Module.prototype.require`; so does this, and the built app runs unmodified.

export interface BindingInfo {
  readonly type: string;
  readonly direction: string;
  readonly [option: string]: unknown;
}

export interface FunctionMetadata {
  readonly name: string;
  readonly bindings: Readonly<Record<string, BindingInfo>>;
  readonly retryOptions?: unknown;
}

export type FunctionCallback = (...args: unknown[]) => unknown;

/** Data as it crosses the worker's RPC; one member is set. */
export interface TypedData {
  string?: string;
  json?: string;
  bytes?: Uint8Array;
  http?: HttpData;
  int?: number;
  double?: number;
  collectionBytes?: { readonly bytes: readonly Uint8Array[] };
  collectionString?: { readonly string: readonly string[] };
}

export interface HttpData {
  url?: string;
  method?: string;
  statusCode?: string;
  headers?: Record<string, string>;
  query?: Record<string, string>;
  params?: Record<string, string>;
  body?: TypedData | null;
  cookies?: readonly Readonly<Record<string, unknown>>[];
  /** A web `Request` that is ready: the library builds none of its own then. */
  nativeRequest?: object;
}

export interface CoreInvocation {
  readonly invocationId: string;
  readonly request: {
    readonly inputData: readonly { name: string; data: TypedData }[];
    readonly triggerMetadata: Readonly<Record<string, TypedData>>;
    readonly traceContext: Readonly<Record<string, string>>;
    readonly retryContext: undefined;
  };
  readonly metadata: FunctionMetadata;
  state: string | undefined;
  log(level: string, category: string, message: string): void;
}

interface InvocationModel {
  getArguments(): Promise<{ context: { invocationId: string }; inputs: unknown[] }>;
  invokeFunction(context: unknown, inputs: unknown[], callback: FunctionCallback): Promise<unknown>;
  getResponse(context: unknown, result: unknown): Promise<{ returnValue?: TypedData | null }>;
}

export interface ProgrammingModel {
  readonly name: string;
  readonly version: string;
  getInvocationModel(invocation: CoreInvocation): InvocationModel;
  getCapabilities?(capabilities: Record<string, string>): Promise<Record<string, string>>;
}

export interface RegisteredFunction {
  readonly metadata: FunctionMetadata;
  readonly callback: FunctionCallback;
}

const HOOKS = ['appStart', 'appTerminate', 'preInvocation', 'postInvocation', 'log'] as const;
export type HookName = (typeof HOOKS)[number];
export type Hook = (context: Record<string, unknown>) => unknown;

/** Version of the host and of the worker that this one behaves like. */
export const HOST_VERSION = '4.1052.200';
const WORKER_VERSION = '3.14.1';

class Disposable {
  readonly #dispose: () => unknown;

  constructor(dispose: () => unknown) {
    this.#dispose = dispose;
  }

  dispose(): unknown {
    return this.#dispose();
  }
}

export interface CoreRegistry {
  readonly functions: Map<string, RegisteredFunction>;
  readonly hooks: Readonly<Record<HookName, Hook[]>>;
  model: ProgrammingModel | undefined;
  /** Registrations after the app has started are refused, as the worker refuses them. */
  isLocked: boolean;
}

type Log = (level: string, category: string, message: string) => void;

function systemError(message: string, Kind: ErrorConstructor = Error): Error {
  return Object.assign(new Kind(message), { isAzureFunctionsSystemError: true });
}

function coreModule(registry: CoreRegistry, log: Log): object {
  return {
    version: WORKER_VERSION,
    hostVersion: HOST_VERSION,
    Disposable,
    log,
    setProgrammingModel(model: ProgrammingModel): void {
      registry.model = model;
    },
    getProgrammingModel: () => registry.model,
    registerFunction(metadata: FunctionMetadata, callback: FunctionCallback): Disposable {
      if (registry.isLocked) throw systemError('A function can only be registered during app startup.');
      if (registry.functions.has(metadata.name))
        throw systemError(`A function with name "${metadata.name}" already exists.`);
      registry.functions.set(metadata.name, { metadata, callback });
      return new Disposable(() => registry.functions.delete(metadata.name));
    },
    registerHook(name: string, hook: Hook): Disposable {
      const list = HOOKS.find((known) => known === name);
      if (!list) throw systemError(`Unrecognized hook "${name}"`, RangeError);
      registry.hooks[list].push(hook);
      return new Disposable(() => {
        const at = registry.hooks[list].indexOf(hook);
        if (at >= 0) registry.hooks[list].splice(at, 1);
      });
    },
  };
}

type Require = (this: unknown, id: string) => unknown;

/** Makes `require('@azure/functions-core')` work in this process and collects what an app registers. */
export function installCoreApi(log: Log): CoreRegistry {
  const registry: CoreRegistry = {
    functions: new Map(),
    hooks: { appStart: [], appTerminate: [], preInvocation: [], postInvocation: [], log: [] },
    model: undefined,
    isLocked: false,
  };
  const core = coreModule(registry, log);
  const prototype = Module.prototype as unknown as { require: Require };
  const original = prototype.require;
  prototype.require = function require(id) {
    return id === '@azure/functions-core' ? core : original.call(this, id);
  };
  return registry;
}
