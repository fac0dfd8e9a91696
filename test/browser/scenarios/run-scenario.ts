import type { Browser } from 'playwright-core';
import { Random } from '../../../simulate/random.ts';
import { startCollector, type Collector } from '../collector.ts';
import { startStage, type Play } from '../stage.ts';
import { FRAME_MS, truthsOf, type Truth } from '../truth.ts';
import { isComplete, kinds } from '../verdicts.ts';
import { createAct, type EndReason, type Scenario, type Told } from './act.ts';
import { FAILURES } from './failures.ts';
import { LINE } from './line.ts';
import { VIEWER } from './viewer.ts';

export const SCENARIOS = [...LINE, ...VIEWER, ...FAILURES];

const STARTUP_MS = 50;
const SHARE = 0.05;
const MAX_RUNS = 5;

export interface Verdict {
  name: string;
  /** Truth against report, one line for each playback. */
  lines: string[];
  /** What is wrong with the report; empty: nothing. */
  faults: string[];
  /** Blocked main thread near a measured moment, ms: above 0 a fault is no evidence. */
  blockedMs: number;
  /** Moments in which the decoder was behind: as little evidence. */
  blips: number;
}

/** What came of each playback, in the order in which they began. */
function toldBy(collector: Collector): Told[] {
  const heads = new Map(
    collector.requests.flatMap(({ status, events }) =>
      status === 202 ? events.map(({ h }) => [h.sid, h.t0] as const) : [],
    ),
  );
  return [...heads]
    .sort(([, a], [, b]) => a - b)
    .map(([sid]) => {
      const events = collector.events(sid);
      return { events, start: kinds(events, 'start')[0], end: kinds(events, 'end')[0] };
    });
}

const ms = (value: number | undefined): string => (value === undefined ? 'none' : `${Math.round(value)}`);

/** Holds one report against the truth. The tolerances are the promise; they are never widened. */
function compare(truth: Truth, told: Told, why: EndReason): Pick<Verdict, 'lines' | 'faults'> {
  const { start, end, events } = told;
  if (!end) return { lines: [], faults: ['no end came'] };
  const { c } = end;
  const reported = c.stallMs + c.freezeMs;
  const gaps = truth.stalls + truth.freezes + truth.either;
  const off = reported - truth.interruptionMs;
  // The truth's clock ticks once a frame: each interruption is known to no more than that.
  const allowed = Math.max(SHARE * truth.interruptionMs, FRAME_MS * gaps);
  const switched = kinds(events, 'rendition').length;
  const faults = [
    end.why !== why && `ended as ${end.why}, not ${why}`,
    (start === undefined) !== (truth.startupMs === undefined) && 'a start without a frame, or a frame without a start',
    start && truth.startupMs !== undefined && Math.abs(start.ms - truth.startupMs) > STARTUP_MS && 'startup is off',
    Math.abs(off) > allowed && `interruption is off by ${ms(off)} ms`,
    c.stalls + c.freezes !== gaps && `${c.stalls + c.freezes} interruptions, truly ${gaps}`,
    (c.stalls < truth.stalls || c.freezes < truth.freezes) && 'a stall told as a freeze, or a freeze as a stall',
    (switched !== truth.switches || c.up + c.down !== switched) && `${switched} switches, truly ${truth.switches}`,
    !isComplete(events) && 'events are missing or doubled',
  ];
  const line = [
    `startup ${ms(truth.startupMs)} → ${ms(start?.ms)} ms`,
    `interruption ${ms(truth.interruptionMs)} → ${reported} ms${truth.interruptionMs ? ` (${((off / truth.interruptionMs) * 100).toFixed(1)} %)` : ''}`,
    `stalls ${truth.stalls} → ${c.stalls}`,
    `freezes ${truth.freezes} → ${c.freezes}${truth.either ? ` (${truth.either} either)` : ''}`,
    `switches ${truth.switches} → ${switched}`,
    `end ${why} → ${end.why}`,
  ];
  return { lines: [line.join(' · ')], faults: faults.filter((fault) => fault !== false && fault !== undefined) };
}

async function runOnce(browser: Browser, scenario: Scenario, seed: string, more: Play): Promise<Verdict> {
  const collector = await startCollector();
  const stage = await startStage(collector.url);
  const context = await browser.newContext();
  const page = await context.newPage();
  try {
    const act = createAct(page, stage, new Random(seed), more);
    const sight = await scenario.run(act).catch((error: unknown) => String(error));
    if (typeof sight === 'string') return { name: scenario.name, lines: [], faults: [sight], blockedMs: 0, blips: 0 };
    const ends = scenario.endsBy?.(sight) ?? scenario.ends;
    // A missing end is a fault to report, not a reason to stop.
    await collector.until(() => kinds(collector.events(), 'end').length >= ends.length, 10_000).catch(() => undefined);
    const truths = truthsOf(sight);
    const told = toldBy(collector);
    const compared = ends.map((why, i) =>
      truths[i] && told[i] ? compare(truths[i], told[i], why) : { lines: [], faults: ['a playback is missing'] },
    );
    const count = told.length === ends.length ? [] : [`${told.length} playbacks reported, truly ${ends.length}`];
    return {
      name: scenario.name,
      lines: compared.flatMap(({ lines }) => lines),
      faults: [
        ...compared.flatMap(({ faults }) => faults),
        ...count,
        ...(scenario.also?.(told, truths, sight, act) ?? []),
      ],
      blockedMs: truths.reduce((sum, { blockedMs }) => sum + blockedMs, 0),
      blips: truths.reduce((sum, { blips }) => sum + blips, 0),
    };
  } finally {
    await context.close();
    await stage.close();
    await collector.close();
  }
}

/**
 * Plays a scenario in a Chromium and holds what the probe told against what was on the screen. A fault is none to speak of
 * when the machine blocked the page near a measured moment or starved its decoder: then it is played again, with other moments.
 */
export async function runScenario(
  browser: Browser,
  scenario: Scenario,
  seed: number,
  more: Play = {},
): Promise<Verdict> {
  for (let run = 1; ; run++) {
    const verdict = await runOnce(browser, scenario, `${scenario.name} ${seed} ${run}`, more);
    const { faults, blockedMs, blips } = verdict;
    if (!faults.length || !(blockedMs || blips) || run === MAX_RUNS) return verdict;
    console.log(
      `${scenario.name}: ${faults.join(', ')}; but the page was blocked for ${ms(blockedMs)} ms, the decoder behind ${blips} times: again`,
    );
  }
}

/** What no run goes without. */
const ALWAYS = /^(a stall|frozen picture.*)$/;

/** Those, and `count` more that a seed draws from the scenarios that do not take long. */
export function shareOf(seed: number, count: number): Scenario[] {
  const random = new Random(`share ${seed}`);
  const drawn = SCENARIOS.filter(({ isLong, name }) => !isLong && !ALWAYS.test(name)).map((scenario) => ({
    scenario,
    at: random.unit(),
  }));
  const more = drawn.sort((a, b) => a.at - b.at).slice(0, count);
  return [...SCENARIOS.filter(({ name }) => ALWAYS.test(name)), ...more.map(({ scenario }) => scenario)];
}
