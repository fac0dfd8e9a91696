import type { Entry, Frame, Sight } from './oracle.ts';

// What a viewer lived through, from what the page's oracle saw. No code and no word of the probe is used here.

/** The committed clip's. */
export const FRAME_MS = 1000 / 24;
/** A picture that stands so long has frozen, said the element anything or not (QoE reference, §3.3). */
const STILL_MS = 500;
/** Jitter between frames, below which even an element that said `waiting` has shown nothing to the viewer. */
const JITTER_MS = 2 * FRAME_MS;
const LOOK_MS = 250;
/** HTMLMediaElement.readyState from which there is something to play. */
const HAVE_FUTURE_DATA = 3;
const LANDING_S = 1;
/** A block this near to a measured moment may have moved it. */
const NEAR_MS = 300;

interface Span {
  from: number;
  to: number;
}

export interface Truth {
  /** Request to first frame, less the time in which autoplay was blocked; undefined: there was no frame. */
  startupMs: number | undefined;
  /** Pictures that stood still, each less the one frame's time that belongs to every frame. */
  interruptionMs: number;
  /** Gaps in which the player had nothing to play, in which it played on without a picture, and in which one may argue. */
  stalls: number;
  freezes: number;
  either: number;
  /**
   * Times in which the element said that it had nothing to play and showed the next frame all the same: a decoder that is
   * behind on a busy machine. One may count them or not.
   */
  blips: number;
  switches: number;
  /** ms of blocked main thread near any of these moments: above 0 the run is no evidence. */
  blockedMs: number;
}

const BEGIN = /^request$/;
const OVER = /^(over|ended)$/;
/** Not the player's fault, from the entry to one of the others. */
const EXCUSED: Record<string, RegExp> = { pause: /^resume$/, hidden: /^visible$/, blocked: /^resume$/ };

function minus(spans: Span[], cut: Span): Span[] {
  return spans.flatMap(({ from, to }) =>
    [
      { from, to: Math.min(to, cut.from) },
      { from: Math.max(from, cut.to), to },
    ].filter((span) => span.to > span.from),
  );
}

/** From the viewer's jump to the first frame there, or to the next jump. */
function seekSpan(seek: Entry, log: Entry[], frames: Frame[], end: number): Span {
  const next = log.find(({ at, what }) => what === 'seek' && at > seek.at)?.at ?? end;
  const landed = frames.find(
    ({ at, media }) => at > seek.at && Math.abs(media - seek.value! - LANDING_S / 2) < LANDING_S,
  );
  return { from: seek.at, to: Math.min(landed?.at ?? end, next) };
}

function excused(log: Entry[], frames: Frame[], end: number): Span[] {
  return log.flatMap((entry) => {
    if (entry.what === 'seek') return [seekSpan(entry, log, frames, end)];
    const until = EXCUSED[entry.what];
    if (!until) return [];
    return [{ from: entry.at, to: log.find(({ at, what }) => at > entry.at && until.test(what))?.at ?? end }];
  });
}

interface Gap extends Span {
  kind: 'stall' | 'freeze' | 'either';
  /** A frame came, but the element waited on: the same interruption as the gap before. */
  goesOn: boolean;
}

/**
 * The playhead of a frozen picture runs on, that of a stall stands. It may be seen either way when it stood about as long as
 * makes the difference, for a probe looks four times a second, and when `waiting` comes as the data is there again.
 */
const kindOf = (waited: Entry[], stoodMs: number): Gap['kind'] => {
  if (stoodMs > STILL_MS + LOOK_MS || waited.some(({ value = 0 }) => value < HAVE_FUTURE_DATA)) return 'stall';
  return stoodMs < STILL_MS - LOOK_MS && !waited.length ? 'freeze' : 'either';
};

/** What the element said of waiting and playing, but for the waiting that is a part of every jump. */
const waitsOf = (log: Entry[]): Entry[] =>
  log.filter(({ what }, i) => {
    const jump = log.slice(0, i).findLast((entry) => /^seek(ing|ed)$/.test(entry.what));
    return what === 'playing' || (what === 'waiting' && jump?.what !== 'seeking');
  });

/** How long the playhead stood in a span between two frames, ms. */
function stoodIn(span: Span, log: Entry[], frame: Frame, next: Frame | undefined): number {
  const rate = log.findLast(({ what, at }) => what === 'rate' && at < span.from)?.value ?? 1;
  const headAt = (at: number) => log.find((entry) => entry.at === at)?.head;
  // After a freeze the first frames are late: the playhead tells, not their media time.
  const from = headAt(span.from) ?? frame.head ?? frame.media;
  const to = headAt(span.to) ?? next?.head ?? next?.media ?? from;
  return span.to - span.from - ((to - from) * 1000) / rate;
}

/**
 * The times between two frames (after the last: until the end) in which the viewer waited for a picture. As in CTA-2066 a
 * wait ends with the next frame, a pause or a jump; who resumes into a wait waits again. A single frame that a starved
 * player paints ahead of playing on ends nothing. Below half a second only that counts in which the element had nothing to
 * play or the playhead stood: a busy machine shows frames late, and says `waiting` and `playing` in one breath.
 */
function gapsOf(frames: Frame[], log: Entry[], over: Entry | undefined): Gap[] {
  const end = over?.at ?? Infinity;
  const free = excused(log, frames, end);
  const waits = waitsOf(log);
  let before: Gap | undefined;
  const gapIn = (span: Span, frame: Frame, next: Frame | undefined): Gap | undefined => {
    const ms = span.to - span.from;
    // The last frame may reach the screen after the element has said that it waits; what it says before the first is the start.
    const said = waits.findLast(({ at }) => at <= span.from);
    const open = said?.what === 'waiting' && said.at > frames[0]!.at ? said : undefined;
    const waited = waits.filter(
      (entry) => entry === open || (entry.what === 'waiting' && entry.at >= span.from - FRAME_MS && entry.at < span.to),
    );
    const stoodMs = stoodIn(span, over ? [...log, over] : log, frame, next);
    const isStarved =
      waited.some(({ value = 0 }) => value < HAVE_FUTURE_DATA) || (waited.length > 0 && stoodMs > JITTER_MS);
    const goesOn = before?.to === frame.at && span.from === frame.at + FRAME_MS && open !== undefined;
    if (ms < JITTER_MS || (ms < STILL_MS && !isStarved && !goesOn)) return undefined;
    return { ...span, kind: kindOf(waited, stoodMs), goesOn };
  };
  return frames.flatMap((frame, i) => {
    const next = frames[i + 1];
    const whole = { from: frame.at + FRAME_MS, to: next?.at ?? end };
    const rest = whole.to > whole.from ? free.reduce(minus, [whole]) : [];
    return rest.flatMap((span) => {
      const gap = gapIn(span, frame, next);
      before = gap ?? before;
      return gap ?? [];
    });
  });
}

/** Where the player, not the viewer, ended it: the source was taken from the element, and nothing came in its place. */
const givenUp = (log: Entry[]): Entry | undefined => {
  const last = log.findLast(({ what }) => /^(emptied|resize|seek|waiting|playing)/.test(what));
  return last?.what === 'emptied' && log.some(({ what }) => what === 'playing') ? last : undefined;
};

function judge({ frames: all, blocks }: Sight, log: Entry[], left: Entry | undefined, isFirst: boolean): Truth {
  const over = givenUp(log) ?? left;
  const request = log[0]!.at;
  const end = over?.at ?? Infinity;
  const blocked = excused(
    log.filter(({ what }) => /blocked|resume/.test(what)),
    [],
    end,
  );
  // Not the frames of the source before, nor the picture that stands while autoplay is blocked.
  const emptied = isFirst ? undefined : log.find(({ what }) => what === 'emptied');
  const since = Math.max(request, emptied?.at ?? request, ...blocked.map(({ to }) => to));
  const frames = all.filter(({ at }) => at >= since && at <= end);
  const first = frames[0];
  const gaps = gapsOf(frames, log, over);
  const count = (wanted: Gap['kind']) => gaps.filter(({ kind, goesOn }) => kind === wanted && !goesOn).length;
  const last = frames.at(-1);
  // Its first frame was on its way to the screen when the measuring was over.
  const isResized = log.some(
    ({ at, what, value }) =>
      what === 'resize' && at > end - JITTER_MS && last && at > last.at && !last.size.endsWith(`x${value}`),
  );
  const waits = waitsOf(log);
  const starved = waits.filter(
    ({ at, what, value = 0 }) => first && at > first.at && what === 'waiting' && value < HAVE_FUTURE_DATA,
  );
  const isMissed = (waiting: Entry): boolean => {
    const until = waits.find(({ at, what }) => at > waiting.at && what === 'playing')?.at ?? end;
    return gaps.some(({ from, to }) => to > waiting.at - FRAME_MS && from < until + FRAME_MS);
  };
  const moments = [...gaps, { from: request, to: first?.at ?? request }];
  const near = blocks.filter(({ at, ms }) =>
    moments.some(({ from, to }) => at < to + NEAR_MS && at + ms > from - NEAR_MS),
  );
  return {
    startupMs: first && first.at - request - blocked.reduce((sum, { from, to }) => sum + to - from, 0),
    interruptionMs: gaps.reduce((sum, { from, to }) => sum + to - from, 0),
    stalls: count('stall'),
    freezes: count('freeze'),
    either: count('either'),
    blips: starved.filter((waiting) => !isMissed(waiting)).length,
    switches: frames.filter(({ size }, i) => i && size !== frames[i - 1]!.size).length + (isResized ? 1 : 0),
    blockedMs: near.reduce((sum, { ms }) => sum + ms, 0),
  };
}

/** One truth for every playback, from its request to its end. */
export function truthsOf(sight: Sight): Truth[] {
  const { log } = sight;
  const begun = log.flatMap(({ what }, i) => (BEGIN.test(what) ? [i] : []));
  return begun.map((i, turn) => {
    const rest = log.slice(i);
    const last = rest.findIndex(({ what }, at) => at > 0 && (OVER.test(what) || BEGIN.test(what)));
    return judge(sight, last < 0 ? rest : rest.slice(0, last), rest[last], turn === 0);
  });
}
