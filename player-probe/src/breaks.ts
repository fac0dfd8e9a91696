import type { Core, Probe } from './core.ts';

/** What happens to an advertisement, or to the break that it is in. */
export type AdStep =
  | 'breakStart'
  | 'breakEnd'
  | 'start'
  | 'quartile1'
  | 'midpoint'
  | 'quartile3'
  | 'end'
  | 'skip'
  | 'error';

export interface Ad {
  /** Of the advertisement or of the break. */
  id?: string;
  /** Where the break stands: `pre`, `mid`, `post`. */
  pos?: string;
  /** Error: the ad server's or the player's code. */
  code?: string;
}

/**
 * Tells of advertisements; `ad('breakStart')` … `ad('breakEnd')`. The time of a break is neither startup nor watched time of
 * the content, whatever shows it: the same element, another one, the page.
 */
export function ads(probe: Probe): (step: AdStep, ad?: Ad) => void {
  const core = probe as Core;
  const now = () => performance.now();
  let breakAt: number | undefined;
  let adAt: number | undefined;

  return core.guard((step, ad = {}) => {
    const isBreak = step.startsWith('break');
    // Time until now belongs to what was on until now.
    if (isBreak) {
      core.look();
      core.force = step === 'breakStart' ? 'ad' : undefined;
      core.look();
    }
    const at = now();
    const since = isBreak ? breakAt : adAt;
    if (step === 'breakStart') breakAt = at;
    if (step === 'start') adAt = at;
    const isOver = /end|skip|error/i.test(step) && since !== undefined;
    const ms = isOver ? Math.round(at - since) : undefined;
    core.session?.tell(at, { k: isBreak ? 'adBreak' : 'ad', q: step, ms, ...ad });
    if (isOver && isBreak) breakAt = undefined;
    else if (isOver) adAt = undefined;
  });
}
