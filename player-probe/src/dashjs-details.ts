import type { Core } from './core.ts';
import { listen, renditionsOf, type DashEvent, type DashPlayer } from './dashjs.ts';
import { addDetails, timingOf } from './details.ts';
import { cutUrls } from './privacy.ts';
import { atLast, now } from './source.ts';

/** MediaError.MEDIA_ERR_DECODE */
const DECODE = 3;

/**
 * When another source is asked for: the player first clears the old one away, which takes a while, and says nothing until it
 * loads the new one.
 */
function timeSources(player: DashPlayer, core: Core): void {
  const { begin } = core;
  const { attachSource } = player;
  let askedAt: number | undefined;
  core.begin = (at, request) => begin(askedAt ?? at, request);
  const timed: typeof attachSource = (...args) => {
    askedAt = now();
    core.guard(() => core.session?.end(askedAt!, 'replaced'))();
    try {
      attachSource.apply(player, args);
    } finally {
      askedAt = undefined;
    }
  };
  player.attachSource = timed;
  atLast(core, () => player.attachSource === timed && (player.attachSource = attachSource));
}

/** For `plugins` of a dash.js player's `attach`: phases of the startup, segments, licences, steering, the live edge. */
export const details =
  (player: DashPlayer) =>
  (core: Core): void => {
    let licenceAt = 0;
    let keySystem: string | undefined;
    const { ready, mark, segment, fail, steer, licence } = addDetails(core, {
      lag: () => [player.getCurrentLiveLatency(), player.getTargetLiveDelay()],
      reps: () => renditionsOf(player),
    });
    const loaded = ({ request, error }: DashEvent, abandoned = false) => {
      const { type, url, index, mediaType, duration, startDate, endDate, bandwidth, retryAttempts } = request!;
      const { bytesTotal, bytesLoaded, resourceTimingValues } = request!;
      const isMedia = type === 'MediaSegment';
      if (mediaType === 'video' && !error && !abandoned) mark(isMedia ? 'segment' : 'init');
      if (!isMedia) return;
      segment({
        ...timingOf(url!, resourceTimingValues),
        ty: mediaType,
        cdn: undefined,
        by: bytesTotal || bytesLoaded || 0,
        ms: endDate! - startDate!,
        mediaMs: duration! * 1000,
        failed: !!error,
        abandoned,
        tries: retryAttempts,
        idx: index ?? undefined,
        kbps: bandwidth ? Math.round(bandwidth / 1000) : undefined,
      });
    };
    const handlers: Record<string, (event: DashEvent) => void> = {
      manifestLoadingStarted: () => mark('player'),
      manifestLoaded: () => mark('manifest'),
      fragmentLoadingCompleted: (event) => loaded(event),
      fragmentLoadingAbandoned: (event) => loaded(event, true),
      contentSteeringRequestCompleted: steer,
      public_keySystemSelected: ({ data }) => {
        keySystem = data?.ksConfiguration?.keySystem ?? data?.keySystem?.systemString;
      },
      public_licenseRequestSending: () => {
        licenceAt = now();
      },
      public_licenseRequestComplete: ({ error }) => {
        if (licenceAt) licence(licenceAt, !error, keySystem);
        licenceAt = 0;
      },
      streamInitialized: ready,
      // The player mends a decode error without a word; the others come as `error` as well.
      playbackError: ({ error }) => {
        if (error?.code === DECODE) fail({ cat: 'media', code: DECODE, msg: cutUrls(error.message ?? '') });
      },
      playbackNotAllowed: () => core.session?.tell(now(), { k: 'blocked' }),
    };
    listen(core, player, handlers);
    timeSources(player, core);
  };
