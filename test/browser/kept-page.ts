import {
  attach as attachComplete,
  type DashPlayer,
  type Probe,
  type ProbeOptions,
} from '../../player-probe/src/complete.ts';
import { withConsent } from '../../player-probe/src/gate.ts';
import { keepOffline } from '../../player-probe/src/offline.ts';

// The stage's probe with a queue that outlives the page, and with a viewer who is asked first.

type Options = ProbeOptions & { offline?: boolean; asks?: boolean };

const asking = withConsent(attachComplete);

export function attach(player: DashPlayer, { offline, asks, ...options }: Options): Probe {
  const all = { ...options, plugins: offline ? [keepOffline()] : [] };
  return asks ? asking(player, all) : attachComplete(player, all);
}
