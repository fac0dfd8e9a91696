// Runs in the page, before anything else.

/** Listeners and timers that are set and not cleared. */
export const held = new Map<object, string>();

// oxlint-disable typescript/unbound-method -- the page's own methods are kept before they are replaced; each is called with its object, by `call`
/** Keeps the books of every listener on the page's objects and every interval from now on. */
export function keepBooks(): void {
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  const ids = new WeakMap<object, Map<string, object>>();
  const idOf = (target: object, key: string) => {
    const of = ids.get(target) ?? new Map<string, object>();
    ids.set(target, of);
    const id = of.get(key) ?? {};
    of.set(key, id);
    return id;
  };
  EventTarget.prototype.addEventListener = function add(type, listener, options) {
    const id = typeof listener === 'function' ? idOf(listener, type) : {};
    const name = `${this?.constructor?.name ?? 'Window'}:${type}`;
    const signal = typeof options === 'object' ? options.signal : undefined;
    if (!(this instanceof AbortSignal) && !(this instanceof XMLHttpRequest)) held.set(id, name);
    if (signal) addEventListener.call(signal, 'abort', () => held.delete(id));
    addEventListener.call(this, type, listener, options);
  };
  EventTarget.prototype.removeEventListener = function remove(type, listener, options) {
    if (typeof listener === 'function') held.delete(idOf(listener, type));
    removeEventListener.call(this, type, listener, options);
  };
  const { setInterval, clearInterval } = window;
  const timers = new Map<number, object>();
  window.setInterval = ((handler: TimerHandler, ...rest: number[]) => {
    const timer = setInterval(handler, ...rest);
    timers.set(timer, {});
    held.set(timers.get(timer)!, 'interval');
    return timer;
  }) as typeof window.setInterval;
  window.clearInterval = (timer) => {
    held.delete(timers.get(timer as number) ?? {});
    clearInterval(timer);
  };
}
// oxlint-enable typescript/unbound-method
