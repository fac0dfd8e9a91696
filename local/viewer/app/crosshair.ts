// One time under the mouse for all charts of a dashboard.

export interface CrosshairMember {
  /** Draws the line at a time, or removes it. */
  readonly show: (timeMs: number | undefined) => void;
}

export interface Crosshair {
  /** 0 off, 1 shared line, 2 shared line and tooltip, as the dashboard's graphTooltip. */
  readonly mode: number;
  readonly join: (member: CrosshairMember) => () => void;
  /** Tells the others where the mouse is. */
  readonly move: (from: CrosshairMember, timeMs: number | undefined) => void;
}

export function createCrosshair(mode: number): Crosshair {
  const members = new Set<CrosshairMember>();
  return {
    mode,
    join: (member) => {
      members.add(member);
      return () => members.delete(member);
    },
    move: (from, timeMs) => {
      if (mode === 0) return;
      for (const member of members) if (member !== from) member.show(timeMs);
    },
  };
}
