import type { BlobEvent } from './blob-event.ts';
import { type DeliveryOptions, Route, type SubscriptionStats } from './route.ts';
import { type Subscription, wants } from './subscription.ts';

export interface CourierOptions extends DeliveryOptions {
  subscriptions: readonly Subscription[];
}

export interface Courier {
  /** Returns once the event is safe in the journal; delivery follows. */
  publish: (event: BlobEvent) => void;
  stats: () => Record<string, SubscriptionStats>;
  /** Breaks off what is under way; it stays in the journal. */
  close: () => Promise<void>;
}

/** Delivers events to every subscription that wants them, at least once each, from the first attempt to the dead letter. */
export const startCourier = (options: CourierOptions): Courier => {
  const { journal } = options;
  const stop = new AbortController();
  const routes = options.subscriptions.map((subscription) => new Route(subscription, options, stop.signal));
  const names = new Set(routes.map((route) => route.name));
  if (names.size !== routes.length) throw new Error('two subscriptions have the same name; give each its own');
  for (const { event, waiting } of journal.left) {
    for (const route of routes) if (waiting.has(route.name)) route.accept(event);
    // Subscriptions that are no longer configured wait no more.
    for (const gone of waiting) if (!names.has(gone)) journal.done(event.id, gone);
  }
  return {
    publish: (event) => {
      const wanting = routes.filter((route) => wants(route.subscription, event));
      if (wanting.length === 0) return;
      journal.add(
        event,
        wanting.map((route) => route.name),
      );
      for (const route of wanting) route.accept(event);
    },
    stats: () => Object.fromEntries(routes.map((route) => [route.name, { ...route.stats }])),
    close: async () => {
      stop.abort();
      await Promise.all(routes.map((route) => route.idle()));
    },
  };
};
