import type { Window } from './backfill.ts';
import type { Incident } from './incident.ts';
import { type AudienceOptions, DEFAULT_CONCURRENT, DEFAULT_SEED } from './options.ts';
import { scenarioOf } from './scenarios/registry.ts';
import { LOOKBACK_MS } from './session/plan.ts';
import { concurrentFor, type Era, readProgressed, type SourceOptions } from './session-source.ts';

/** The incidents of a run; also for those who only need the labels. */
export const incidentsOf = (options: Pick<AudienceOptions, 'scenario' | 'incident'>, now = Date.now()): Incident[] => {
  const scenario = scenarioOf(options.scenario ?? 'steady');
  const { start, minutes, scope, magnitude } = options.incident ?? {};
  const ago = scenario.defaultAgoMinutes * 60_000;
  return scenario.incidents({
    start: start ?? now - ago,
    minutes: minutes ?? scenario.defaultMinutes,
    scope,
    magnitude,
  });
};

const sourceOf = (options: AudienceOptions, incidents: Incident[], window: Window, end: number): SourceOptions => {
  const { seed = DEFAULT_SEED, sessions, blobShare = 0.12 } = options;
  const size =
    sessions === undefined ? undefined : concurrentFor(sessions, window.from, Number.isFinite(end) ? end : window.to);
  return {
    seed: String(seed),
    concurrent: size ?? options.concurrent ?? DEFAULT_CONCURRENT,
    incidents,
    eras: [],
    blobShare: options.blob === undefined ? 0 : blobShare,
    isOnlyTouched: options.onlyTouched ?? false,
  };
};

/** Earlier eras go on; what begins in this window has the pace of the backfill, what begins after it that of live. */
const erasOf = (earlier: readonly Era[], { from, to }: Window, beatMs: AudienceOptions['beatMs'] = {}): Era[] => {
  const { backfill: past = 300_000, live = 60_000 } = beatMs;
  const fresh: Era[] = [...(to > from ? [{ from, beatMs: past }] : []), { from: to, beatMs: live }];
  return [...earlier, ...fresh].filter((era, i, all) => era.beatMs !== all[i - 1]?.beatMs);
};

/** What a run will send. */
export interface RunPlan {
  incidents: Incident[];
  source: SourceOptions;
  /** The past part. */
  window: Window;
}

/** Works out sessions, paces and window from the options and from what an earlier run has left. */
export const planRun = async (options: AudienceOptions, now: number): Promise<RunPlan> => {
  const to = Math.min(options.to ?? now, now);
  const asked: Window = { from: Math.min(options.from ?? to, to), to };
  const incidents = incidentsOf(options, now);
  const source = sourceOf(options, incidents, asked, options.live ? (options.until ?? Infinity) : to);
  if (options.onlyTouched) {
    // Laid over an audience that is there already: sessions that began before the incident are shown whole, all at the live pace.
    const from = Math.min(...incidents.map(({ start }) => start), asked.from) - LOOKBACK_MS;
    return {
      incidents,
      source: { ...source, eras: [{ from, beatMs: options.beatMs?.live ?? 60_000 }] },
      window: { from, to },
    };
  }
  const earlier = options.stateFile === undefined ? undefined : await readProgressed(options.stateFile, source);
  const window = { from: Math.min(earlier?.until ?? asked.from, to), to };
  return { incidents, source: { ...source, eras: erasOf(earlier?.eras ?? [], window, options.beatMs) }, window };
};
