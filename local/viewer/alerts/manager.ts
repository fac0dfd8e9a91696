// Keeps the state of all rules, evaluates groups when they are due, records history and notifies.
import type { RunKql } from './evaluate.ts';
import { evaluateRule } from './evaluate.ts';
import type { HistoryEntry } from './history.ts';
import { AlertHistory, historyEntry } from './history.ts';
import type { AlertRule } from './rules.ts';
import type { AlertInstance, InstanceStateName, Instances, Transition } from './state-machine.ts';
import { isChange, isFiring, step } from './state-machine.ts';
import { AlertStateStore } from './state-store.ts';
import { postWebhook, webhookPayload } from './webhook.ts';

export interface RuleStatus {
  readonly rule: AlertRule;
  /** The worst state of its instances; `Inactive` before the first evaluation or when paused. */
  readonly state: InstanceStateName | 'Inactive';
  readonly health: 'ok' | 'nodata' | 'error' | 'unknown';
  readonly lastError?: string;
  readonly lastEvaluatedAtMs?: number;
  readonly evaluationMs?: number;
  readonly instances: readonly AlertInstance[];
}

export interface AlertManagerOptions {
  readonly rules: readonly AlertRule[];
  readonly run: RunKql;
  readonly now: () => number;
  readonly dataDir?: string;
  readonly webhookUrl?: string;
  readonly externalUrl: () => string;
}

interface RuleState {
  readonly rule: AlertRule;
  instances: Instances;
  lastEvaluatedAtMs: number | undefined;
  evaluationMs: number | undefined;
}

const SEVERITY: readonly InstanceStateName[] = ['Alerting', 'Error', 'NoData', 'Recovering', 'Pending', 'Normal'];
const REPEAT_MS = 4 * 3_600_000;
const TICK_MS = 1000;

export class AlertManager {
  readonly #options: AlertManagerOptions;
  readonly #states: RuleState[];
  readonly history: AlertHistory;
  readonly #store: AlertStateStore | undefined;
  #timer: NodeJS.Timeout | undefined;
  #queue: Promise<void> = Promise.resolve();
  #sending = new Set<Promise<void>>();
  #closing = new AbortController();
  /** Notifications that failed for good. */
  failedNotifications = 0;
  lastNotificationError: string | undefined;

  constructor(options: AlertManagerOptions) {
    this.#options = options;
    this.#states = options.rules.map((rule) => ({
      rule,
      instances: new Map(),
      lastEvaluatedAtMs: undefined,
      evaluationMs: undefined,
    }));
    this.history = new AlertHistory(options.dataDir);
    this.#store = options.dataDir === undefined ? undefined : new AlertStateStore(options.dataDir);
  }

  /** Starts evaluating groups at multiples of their interval, and once at once. */
  async start(): Promise<void> {
    await this.restore();
    let isBusy = false;
    const tick = (): void => {
      if (isBusy) return;
      isBusy = true;
      void this.evaluateDue(this.#options.now()).finally(() => {
        isBusy = false;
      });
    };
    tick();
    this.#timer = setInterval(tick, TICK_MS);
    this.#timer.unref();
  }

  /** Takes up history and instances where an earlier run left them. `start` does it too. */
  async restore(): Promise<void> {
    await this.history.load();
    const stored = (await this.#store?.load()) ?? {};
    for (const state of this.#states) {
      const list = stored[state.rule.uid] ?? [];
      state.instances = new Map(list.map((one) => [one.fingerprint, one]));
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closing.abort();
    await this.#queue;
    await Promise.allSettled(this.#sending);
    await this.history.flush();
    await this.#store?.flush();
  }

  /** Evaluates the rules whose next multiple of the interval has come. */
  async evaluateDue(nowMs: number): Promise<void> {
    const due = this.#states.filter(({ rule, lastEvaluatedAtMs }) => {
      if (rule.isPaused) return false;
      const slot = Math.floor(nowMs / rule.intervalMs) * rule.intervalMs;
      return lastEvaluatedAtMs === undefined || slot > lastEvaluatedAtMs;
    });
    for (const state of due)
      await this.#enqueue(state, Math.floor(nowMs / state.rule.intervalMs) * state.rule.intervalMs);
  }

  /** Evaluates every rule as of one time, whatever the schedule: for tests and back-tests. Time must not go back. */
  async evaluateAll(atMs: number): Promise<void> {
    for (const state of this.#states) if (!state.rule.isPaused) await this.#enqueue(state, atMs);
  }

  #enqueue(state: RuleState, atMs: number): Promise<void> {
    this.#queue = this.#queue.then(() => (this.#closing.signal.aborted ? undefined : this.#evaluate(state, atMs)));
    return this.#queue;
  }

  async #evaluate(state: RuleState, atMs: number): Promise<void> {
    if (state.lastEvaluatedAtMs !== undefined && atMs <= state.lastEvaluatedAtMs) return;
    const started = performance.now();
    const results = await evaluateRule(state.rule, atMs, this.#options.run);
    const { instances, transitions } = step(state.rule, state.instances, results, atMs);
    state.lastEvaluatedAtMs = atMs;
    state.evaluationMs = performance.now() - started;
    this.history.add(transitions.filter(isChange).map((one) => historyEntry(state.rule, one, atMs)));
    state.instances = this.#notify(state.rule, instances, transitions, atMs);
    this.#store?.save(Object.fromEntries(this.#states.map((one) => [one.rule.uid, [...one.instances.values()]])));
  }

  // Sends when an instance starts or stops firing, and again every four hours while it fires.
  #notify(rule: AlertRule, instances: Instances, transitions: readonly Transition[], atMs: number): Instances {
    const url = this.#options.webhookUrl;
    if (url === undefined) return instances;
    const isDue = ({ instance }: Transition): boolean => {
      if (isFiring(instance.state)) {
        return (
          instance.lastSentAtMs === undefined ||
          (instance.resolvedAtMs === undefined && atMs - instance.lastSentAtMs >= REPEAT_MS)
        );
      }
      return instance.lastSentAtMs !== undefined && instance.state === 'Normal';
    };
    const due = transitions.filter(isDue).map((one) => one.instance);
    if (due.length === 0) return instances;
    const firing = [...instances.values()].filter((one) => isFiring(one.state));
    const told = [...new Map([...firing, ...due].map((one) => [one.fingerprint, one])).values()];
    this.#send(url, webhookPayload(rule, told, this.#options.externalUrl()));
    const next = new Map(instances);
    for (const one of told) {
      if (!next.has(one.fingerprint)) continue;
      const { lastSentAtMs: _, ...rest } = one;
      next.set(one.fingerprint, isFiring(one.state) ? { ...rest, lastSentAtMs: atMs } : rest);
    }
    return next;
  }

  #send(url: string, payload: unknown): void {
    const signal = this.#closing.signal;
    const pause = (ms: number): Promise<void> =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, ms);
        signal.addEventListener('abort', () => {
          clearTimeout(timer);
          reject(new Error('the viewer is stopping'));
        });
      });
    const sending = postWebhook(url, payload, pause)
      .catch((error: unknown) => {
        this.failedNotifications += 1;
        this.lastNotificationError = error instanceof Error ? error.message : String(error);
      })
      .finally(() => this.#sending.delete(sending));
    this.#sending.add(sending);
  }

  status(): RuleStatus[] {
    return this.#states.map(({ rule, instances, lastEvaluatedAtMs, evaluationMs }) => {
      const list = [...instances.values()];
      const worst = SEVERITY.find((name) => list.some((one) => one.state === name));
      const error = list.find((one) => one.error !== undefined)?.error;
      const isNoData = list.some((one) => one.state === 'NoData');
      return {
        rule,
        state: worst ?? (lastEvaluatedAtMs === undefined ? 'Inactive' : 'Normal'),
        health:
          lastEvaluatedAtMs === undefined ? 'unknown' : error !== undefined ? 'error' : isNoData ? 'nodata' : 'ok',
        instances: list,
        ...(error === undefined ? {} : { lastError: error }),
        ...(lastEvaluatedAtMs === undefined ? {} : { lastEvaluatedAtMs }),
        ...(evaluationMs === undefined ? {} : { evaluationMs }),
      };
    });
  }

  /** Instances in state Alerting or Recovering, over all rules. */
  firing(): { rule: AlertRule; instance: AlertInstance }[] {
    return this.#states.flatMap(({ rule, instances }) =>
      [...instances.values()]
        .filter((one) => one.state === 'Alerting' || one.state === 'Recovering')
        .map((instance) => ({ rule, instance })),
    );
  }

  entries(ruleUid?: string): readonly HistoryEntry[] {
    return this.history.entries(ruleUid);
  }
}
