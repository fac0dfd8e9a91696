// Retry policies of functions, as `@azure/functions` hands them over: times in whole seconds.

interface RetryPolicy {
  readonly strategy: 'fixedDelay' | 'exponentialBackoff';
  /** −1: without end. */
  readonly maxRetryCount: number;
  /** First (or only) pause, ms. */
  readonly firstMs: number;
  readonly longestMs: number;
}

type Bag = Readonly<Record<string, unknown>>;
const bagOf = (value: unknown): Bag => (typeof value === 'object' && value !== null ? (value as Bag) : {});
const millisecondsOf = (duration: unknown): number => Number(bagOf(duration)['seconds'] ?? 0) * 1000;

/** Undefined when the function has none. */
export function retryPolicy(options: unknown): RetryPolicy | undefined {
  const { retryStrategy, maxRetryCount, delayInterval, minimumInterval, maximumInterval } = bagOf(options);
  if (retryStrategy !== 'fixedDelay' && retryStrategy !== 'exponentialBackoff') return undefined;
  const isFixed = retryStrategy === 'fixedDelay';
  const firstMs = millisecondsOf(isFixed ? delayInterval : minimumInterval);
  return {
    strategy: retryStrategy,
    maxRetryCount: Number(maxRetryCount ?? 0),
    firstMs,
    longestMs: isFixed ? firstMs : Math.max(firstMs, millisecondsOf(maximumInterval)),
  };
}

/** Pause before a retry, counted from 0; exponential ones double, with a fifth of chance. */
export function delayOf({ strategy, firstMs, longestMs }: RetryPolicy, retry: number): number {
  if (strategy === 'fixedDelay') return firstMs;
  return Math.min(longestMs, firstMs * 2 ** Math.min(retry, 30) * (0.8 + Math.random() * 0.4));
}
