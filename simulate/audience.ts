import { backfill, type Doors, type Window } from './backfill.ts';
import { assertBalanced, emptySummary, type Summary } from './books.ts';
import { BlobDrop } from './doors/blob-drop.ts';
import { HttpDoor } from './doors/http-door.ts';
import { labelOf } from './incident.ts';
import { LiveShow } from './live.ts';
import type { AudienceOptions } from './options.ts';
import { type Progress, ProgressMeter } from './progress.ts';
import { planRun } from './run-plan.ts';
import { type SourceOptions, writeProgressed } from './session-source.ts';

export type { AudienceOptions } from './options.ts';

/** One run, set up and ready. */
interface Run {
  options: AudienceOptions;
  source: SourceOptions;
  window: Window;
  doors: Doors;
  summary: Summary;
  signal: AbortSignal;
  tell: (progress: Progress) => void;
}

const liveShow = (
  run: Run,
  phase: 'replay' | 'live',
  window: Window,
  now: () => number,
  keep: (until: number) => Promise<void>,
) => {
  const { source, doors, summary, signal, tell, options } = run;
  const meter = new ProgressMeter(phase, window, summary, tell);
  const tickMs = options.tickMs ?? (phase === 'live' ? 2000 : 200);
  return new LiveShow(source, window, doors, summary, { now, tickMs, meter, signal, onSettled: keep }).run();
};

const KEEP_EVERY_MS = 5000;

const perform = async (run: Run): Promise<void> => {
  const { options, source, window, doors, summary, signal, tell } = run;
  const { seed, concurrent } = source;
  let kept = 0;
  const keep = async (until: number, isForced = false): Promise<void> => {
    if (options.stateFile === undefined || (!isForced && Date.now() - kept < KEEP_EVERY_MS)) return;
    kept = Date.now();
    await writeProgressed(options.stateFile, { seed, concurrent, eras: [...source.eras], until });
  };
  if (window.to > window.from) {
    await keep(window.from, true);
    const began = Date.now();
    const { speed } = options;
    if (speed === undefined) {
      const meter = new ProgressMeter('backfill', window, summary, tell);
      await backfill(source, window, doors, summary, { meter, signal });
    } else {
      await liveShow(
        run,
        'replay',
        window,
        () => window.from + (Date.now() - began) * speed,
        async () => undefined,
      );
    }
    if (signal.aborted) return;
    await keep(window.to, true);
  }
  const end = options.until ?? Infinity;
  if (!options.live || end <= window.to) return;
  const reached = await liveShow(run, 'live', { from: window.to, to: end }, Date.now, keep);
  await keep(reached, true);
};

/**
 * Sends an audience through the front doors: first the past window, then, with `live`, what happens from then on in real time.
 * Raising the signal ends it cleanly, with the summary of what was sent.
 * @throws BooksError when an answer, or all of them together, do not account for every event; and what the doors throw.
 */
export const runAudience = async (
  options: AudienceOptions,
  onProgress: (progress: Progress) => void = () => undefined,
): Promise<Summary> => {
  const began = Date.now();
  const { log = () => undefined, signal = new AbortController().signal } = options;
  const { incidents, source, window } = await planRun(options, began);
  const summary = emptySummary(incidents.map((incident) => labelOf(incident, source.seed)));
  const { endpoint, key = 'simulator', concurrency = 4, blob, patienceMs = options.live ? 600_000 : 60_000 } = options;
  const http = new HttpDoor({ endpoint, key, concurrency, patienceMs, signal, log }, summary);
  const name = `${source.seed}-${source.concurrent}-${new Date(window.from).toISOString().replaceAll(/[:.]/g, '')}`;
  const doors: Doors = { http, blob: blob === undefined ? undefined : new BlobDrop(blob, name, summary) };
  try {
    await doors.blob?.open();
    await perform({ options, source, window, doors, summary, signal, tell: onProgress });
  } catch (error) {
    if (!signal.aborted) throw error;
    await http.settle().catch(() => undefined);
  } finally {
    http.close();
    summary.seconds = (Date.now() - began) / 1000;
  }
  if (!signal.aborted) assertBalanced(summary);
  return summary;
};
