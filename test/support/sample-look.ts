import type { Sample } from '../../player-probe/src/signals.ts';

/** A look at an element that plays, as tests of the probe's session begin with. */
export const SAMPLE_LOOK: Sample = {
  pt: 0,
  bl: 5000,
  isLast: false,
  frames: 0,
  lost: 0,
  w: 640,
  h: 360,
  kbps: 800,
  isPaused: false,
  isSeeking: false,
  isEnded: false,
  flow: true,
  isHidden: false,
  force: undefined,
};
