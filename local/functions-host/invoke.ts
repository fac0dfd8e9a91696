import { randomUUID } from 'node:crypto';
import type { CoreRegistry, FunctionMetadata, RegisteredFunction, TypedData } from './core-api.ts';
import type { HostLog } from './log.ts';
import { withPlainAnswer } from './plain-answer.ts';

export interface InvocationInput {
  /** Why it runs, as the console says it. */
  readonly reason: string;
  readonly data: TypedData;
  readonly triggerMetadata?: Readonly<Record<string, TypedData>>;
}

export type InvocationResult = { ok: true; returnValue: TypedData | null | undefined } | { ok: false; error: unknown };

export interface Invoker {
  invoke(target: RegisteredFunction, input: InvocationInput): Promise<InvocationResult>;
  /** Invocations under way. */
  readonly running: number;
  /** Resolves when none is under way any more. */
  idle(): Promise<void>;
}

interface Trigger {
  readonly name: string;
  readonly type: string;
  readonly options: Readonly<Record<string, unknown>>;
}

const triggers = new WeakMap<FunctionMetadata, Trigger>();

/** What starts a function; looked up once, it is asked for at every run. */
export function triggerOf({ metadata }: Pick<RegisteredFunction, 'metadata'>): Trigger {
  const known = triggers.get(metadata);
  if (known) return known;
  const found = Object.entries(metadata.bindings).find(([, binding]) => binding.type.toLowerCase().endsWith('trigger'));
  if (!found) throw new Error(`function ${metadata.name} has no trigger`);
  const trigger = { name: found[0], type: found[1].type, options: found[1] };
  triggers.set(metadata, trigger);
  return trigger;
}

const stackOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

/** Runs functions through the programming model, hooks included, as the worker does. */
export function invoker(registry: CoreRegistry, log: HostLog): Invoker {
  let running = 0;
  let waiting: (() => void)[] = [];

  async function run(
    { metadata, callback }: RegisteredFunction,
    input: InvocationInput,
    invocationId: string,
  ): Promise<TypedData | null | undefined> {
    const { model, hooks } = registry;
    if (!model) throw new Error('the app has set no programming model');
    const invocation = {
      invocationId,
      metadata,
      state: undefined as string | undefined,
      request: {
        inputData: [{ name: triggerOf({ metadata }).name, data: input.data }],
        triggerMetadata: input.triggerMetadata ?? {},
        traceContext: {},
        retryContext: undefined,
      },
      log: (level: string, category: string, message: string) => {
        const isUser = category === 'user';
        // A hook may change the level and the message of what the app logs, and of nothing else.
        const entry = { level, message, category, hookData: {}, invocationContext: undefined };
        if (isUser) for (const hook of hooks.log) void hook(entry);
        log.write(entry.level, isUser ? `Function.${metadata.name}.User` : 'Worker', entry.message);
      },
    };
    const invocationModel = model.getInvocationModel(invocation);
    const { context, inputs } = await invocationModel.getArguments();
    const before = { hookData: {}, functionCallback: callback, inputs, invocationContext: context };
    invocation.state = 'preInvocationHooks';
    for (const hook of hooks.preInvocation) await hook(before);
    const after: Record<string, unknown> = {
      hookData: before.hookData,
      inputs: before.inputs,
      invocationContext: context,
    };
    invocation.state = 'invocation';
    try {
      after['result'] = await invocationModel.invokeFunction(context, before.inputs, before.functionCallback);
    } catch (error) {
      after['error'] = error;
    }
    invocation.state = 'postInvocationHooks';
    for (const hook of hooks.postInvocation) await hook(after);
    if (after['error'] !== undefined && after['error'] !== null) throw after['error'];
    const isHttp = triggerOf({ metadata }).type === 'httpTrigger';
    const result = isHttp ? withPlainAnswer(after['result']) : after['result'];
    return (await invocationModel.getResponse(context, result)).returnValue;
  }

  return {
    get running() {
      return running;
    },
    async invoke(target, input) {
      const { name } = target.metadata;
      const category = `Function.${name}`;
      const invocationId = randomUUID();
      const isLogged = log.isEnabled('information', category);
      const startedMs = performance.now();
      const finished = (verdict: string): string =>
        `Executed 'Functions.${name}' (${verdict}, Id=${invocationId}, Duration=${Math.round(performance.now() - startedMs)}ms)`;
      if (isLogged)
        log.write(
          'information',
          category,
          `Executing 'Functions.${name}' (Reason='${input.reason}', Id=${invocationId})`,
        );
      running++;
      try {
        const returnValue = await run(target, input, invocationId);
        if (isLogged) log.write('information', category, finished('Succeeded'));
        return { ok: true, returnValue };
      } catch (error) {
        log.write('error', category, `${finished('Failed')}\n${stackOf(error)}`);
        return { ok: false, error };
      } finally {
        running--;
        if (running === 0) waiting.splice(0).forEach((resolve) => resolve());
      }
    },
    idle: () => (running === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}
