import type { FunctionHandler, InvocationContext } from '@azure/functions';
import { causeOf } from './log-safety.ts';

const FRAMES = 3;

const placeOf = (error: unknown): string => {
  const frames = error instanceof Error ? (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)) : [];
  return frames
    .slice(0, FRAMES)
    .map((line) => line.trim())
    .join(' < ');
};

/**
 * Keeps the text of exceptions inside: what a function throws is logged as one safe line and thrown again without its text,
 * because hosts write it into their logs as it is, and Event Grid's extension into its answer.
 */
export function guarded(handler: FunctionHandler): FunctionHandler {
  return async (input: unknown, context: InvocationContext): Promise<unknown> => {
    try {
      return await (handler(input, context) as Promise<unknown>);
    } catch (error) {
      const { functionName } = context;
      context.error(`${functionName}: failed: ${causeOf(error)} ${placeOf(error)}`);
      // oxlint-disable-next-line eslint/preserve-caught-error -- as a `cause` its text would travel along: hosts print that too
      throw new Error(`${functionName} failed, its own log says why`);
    }
  };
}
