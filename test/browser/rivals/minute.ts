import type { Given } from './sdk.ts';

// The page: one dash.js player, and every SDK on it at once.

window.minute = (servers, source) => {
  const video = document.querySelector('video')!;
  const player = window.dashjs.MediaPlayer().create();
  const buffer = { bufferTimeDefault: 6, bufferTimeAtTopQuality: 6, bufferTimeAtTopQualityLongForm: 6 };
  player.updateSettings({ streaming: { buffer, utcSynchronization: { enabled: false } } });
  window.stage = { player } as never;
  // mux-embed throws before there is a source.
  player.initialize(video, source, true);
  for (const [name, host] of Object.entries({ ...servers, empty: '' }))
    window.sdks[name]!({ player: player as unknown as Given['player'], video, host });
};
