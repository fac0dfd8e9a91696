import type { Probe, ProbeOptions } from './core.ts';
import { details } from './dashjs-details.ts';
import { attach as attachCore, type DashPlayer } from './dashjs.ts';
import { view } from './view.ts';

export type { Probe, ProbeOptions } from './core.ts';
export type { DashPlayer } from './dashjs.ts';

/** As `attach` of the package's main entry, with everything there is to measure of a dash.js player. */
export const attach = (player: DashPlayer, options: ProbeOptions): Probe =>
  attachCore(player, { ...options, plugins: [details(player), view, ...(options.plugins ?? [])] });
