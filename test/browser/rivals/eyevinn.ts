import { PlayerAnalyticsConnector } from '@eyevinn/player-analytics-client-sdk-web';
import './sdk.ts';

// Wired as its manual says; the bitrate has to be reported by hand.
window.sdks['eyevinn'] = ({ player, video, host }) => {
  const connector = new PlayerAnalyticsConnector(`http://${host}/events`);
  void connector.init({ sessionId: crypto.randomUUID() }).then(() => connector.load(video));
  player.on('qualityChangeRendered', () => {
    const quality = player.getCurrentRepresentationForType?.('video');
    if (quality)
      connector.reportBitrateChange({
        bitrate: quality.bitrateInKbit,
        width: quality.width,
        height: quality.height,
      });
  });
};
