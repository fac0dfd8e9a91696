export { attach, type DashPlayer } from './dashjs.ts';
export type { Probe, ProbeOptions } from './core.ts';
