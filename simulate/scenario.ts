import type { Incident, Scope } from './incident.ts';

/** What a user may set; each scenario has its own defaults. */
interface ScenarioSettings {
  /** Epoch ms. */
  start: number;
  minutes: number;
  /** Replaces parts of the scenario's scope. */
  scope?: Scope | undefined;
  /** 0…1, in the scenario's own measure; see its summary. */
  magnitude?: number | undefined;
}

export interface Scenario {
  id: string;
  /** One line for the list. */
  summary: string;
  /** Length of the incident when the user does not say. */
  defaultMinutes: number;
  /** Minutes before now at which it begins when the user does not say. */
  defaultAgoMinutes: number;
  incidents: (settings: ScenarioSettings) => Incident[];
  /** What a user should see, in words. */
  watch: (incidents: readonly Incident[]) => string[];
}

export const minutesAfter = (start: number, minutes: number): number => start + Math.round(minutes * 60_000);

/** `cdn edge-b, country DE` */
export const scopeText = (scope: Scope): string =>
  Object.entries(scope)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ') || 'everybody';
