import type { DashPlayer } from '../../../player-probe/src/index.ts';

// What the page of the comparison and its scripts share: every SDK registers itself with all the wiring that it needs, so
// that the profiler finds the whole cost under one script.

export interface Given {
  player: DashPlayer & { getCurrentRepresentationForType?: (type: 'video') => Quality | null };
  video: HTMLVideoElement;
  /** host:port of the SDK's own server. */
  host: string;
}

export interface Quality {
  bitrateInKbit: number;
  width: number;
  height: number;
}

declare global {
  interface Window {
    sdks: Record<string, (given: Given) => void>;
    minute: (servers: Record<string, string>, source: string) => void;
  }
}
