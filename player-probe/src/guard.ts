import type { Probe } from './core.ts';

/** Wraps a callback so that no fault of the probe reaches the player or the page: the playback matters more than its measurement. */
export type Guard = <A extends unknown[], R>(fn: (...args: A) => R) => (...args: A) => R | undefined;

export const guard: Guard =
  (fn) =>
  (...args) => {
    try {
      return fn(...args);
    } catch {
      return undefined;
    }
  };

/** What `attach` answers when it breaks: a probe that measures nothing. */
export const NO_PROBE: Probe = { flush: () => Promise.resolve(), detach: () => undefined };
