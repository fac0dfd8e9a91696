// @ts-expect-error -- its package keeps its types where its exports do not name them
import untyped from 'mux-embed';
import './sdk.ts';

const mux = untyped as { monitor: (video: HTMLVideoElement, options: Record<string, unknown>) => void };

window.sdks['mux'] = ({ player, video, host }) => {
  const data = { env_key: 'bench', player_name: 'bench', video_id: 'clip', player_init_time: Date.now() };
  mux.monitor(video, {
    debug: false,
    beaconCollectionDomain: host.replace('127.0.0.1', 'localhost'),
    dashjs: player,
    data,
  });
};
