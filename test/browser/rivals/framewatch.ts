import { attach } from '../../../player-probe/src/index.ts';
import './sdk.ts';

window.sdks['framewatch'] = ({ player, host }) => {
  attach(player, { endpoint: `http://${host}`, key: 'demo', contentId: 'clip' });
};
