import type { LeanEvent } from '../../schema/probe-wire-v2.ts';
import type { Core, Probe, ProbeOptions } from './core.ts';
import { guard } from './guard.ts';
import { refused } from './privacy.ts';
import { MAX_EVENTS, type Header } from './queue.ts';

/** A probe that sends nothing before the viewer has answered. */
export interface ConsentProbe extends Probe {
  /**
   * The viewer's answer. True: what was measured meanwhile is sent, with the identity that the options give. False: it is
   * sent without, and identity is taken from what waits. May come again (a later grant, a withdrawal), and after `detach`.
   */
  consent: (isGranted: boolean) => void;
}

/**
 * An `attach` for pages that ask first: it measures from the start, so that the startup of the first view is not lost, and
 * keeps what it sees in memory until `consent` is called. Until then nothing leaves and nothing is stored; who leaves without
 * an answer was never there. `options.consent`, when given, is the answer of an earlier page.
 */
export const withConsent =
  <P, O extends ProbeOptions>(attach: (player: P, options: O) => Probe) =>
  (player: P, options: O): ConsentProbe => {
    const held: [header: Header, event: LeanEvent][] = [];
    let answer = options.consent;
    let core: Core | undefined;
    let send: Core['emit'];

    /** Headers are written when a body leaves: what still waits under this one leaves as it says then. */
    const mark = (header: Header) => {
      const mayTell = answer && !refused();
      header.consent = mayTell ? true : 0;
      if (mayTell && options.viewerId !== undefined) header.vid = options.viewerId;
      else delete header.vid;
    };
    const gate = (given: Core) => {
      core = given;
      send = given.emit;
      given.emit = (event) => {
        mark(given.header!);
        if (answer !== undefined) send(event);
        else if (!given.isMeasured) return;
        else if (held.length < MAX_EVENTS) held.push([given.header!, event]);
        else given.queue.dropped++;
      };
    };
    const probe = attach(player, { ...options, consent: false, plugins: [...(options.plugins ?? []), gate] });
    const consent = (isGranted: boolean) => {
      if (!core) return;
      answer = isGranted;
      for (const { h } of core.queue.items) mark(h);
      const { header, isMeasured } = core;
      for (const [own, event] of held.splice(0)) {
        mark((core.header = own));
        core.isMeasured = true;
        send(event);
      }
      if (header) mark((core.header = header));
      core.isMeasured = isMeasured!;
    };
    return Object.assign(probe, { consent: guard(consent) });
  };
