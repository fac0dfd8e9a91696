import type { Probe } from './core.ts';

/** Wraps a callback so that no fault of the probe reaches the player or the page. */
export type Guard = <A extends unknown[]>(fn: (...args: A) => unknown) => (...args: A) => void;

export const guard: Guard =
  (fn) =>
  (...args) => {
    try {
      fn(...args);
    } catch {
      // The viewer's playback matters more than its measurement.
    }
  };

/** What `attach` answers when it breaks: a probe that measures nothing. */
export const NO_PROBE: Probe = {
  session: undefined,
  header: undefined,
  flush: () => Promise.resolve(),
  detach: () => undefined,
};
