import * as media from '@snowplow/browser-plugin-media';
import { newTracker } from '@snowplow/browser-tracker';
import './sdk.ts';

// Wired as its manual says: every event of the player has to be handed on.
window.sdks['snowplow'] = ({ player, video, host }) => {
  newTracker('sp', `http://${host}`, { appId: 'bench', plugins: [media.SnowplowMediaPlugin()] });
  const id = crypto.randomUUID();
  const state = () => ({
    id,
    player: {
      currentTime: video.currentTime,
      duration: Number.isFinite(video.duration) ? video.duration : null,
      paused: video.paused,
      ended: video.ended,
      muted: video.muted,
      playbackRate: video.playbackRate,
      volume: Math.round(video.volume * 100),
    },
  });
  media.startMediaTracking({ ...state(), pings: { pingInterval: 10 } });
  let waits = false;
  const wire: Record<string, () => void> = {
    loadedmetadata: () => media.trackMediaReady(state()),
    play: () => media.trackMediaPlay(state()),
    pause: () => media.trackMediaPause(state()),
    ended: () => media.trackMediaEnd(state()),
    seeking: () => media.trackMediaSeekStart(state()),
    seeked: () => media.trackMediaSeekEnd(state()),
    waiting: () => {
      waits = true;
      media.trackMediaBufferStart(state());
    },
    playing: () => {
      if (waits) media.trackMediaBufferEnd(state());
      waits = false;
    },
    ratechange: () => media.trackMediaPlaybackRateChange({ ...state(), newRate: video.playbackRate }),
    error: () => media.trackMediaError({ ...state(), errorCode: String(video.error?.code) }),
    timeupdate: () => media.updateMediaTracking(state()),
  };
  for (const [type, listener] of Object.entries(wire)) video.addEventListener(type, listener);
  player.on('qualityChangeRendered', () => {
    const quality = player.getCurrentRepresentationForType?.('video');
    if (quality)
      media.trackMediaQualityChange({
        ...state(),
        newQuality: `${quality.height}p`,
        bitrate: quality.bitrateInKbit * 1000,
      });
  });
};
