import { randomUUID } from 'node:crypto';
import { asCloudEvent, type BlobEvent, TOPIC } from './blob-event.ts';

/** Who is told of which blobs. */
export interface Subscription {
  /** Unique; by default the last part of the endpoint with its query. */
  name?: string;
  /** Webhook, e.g. http://127.0.0.1:7071/runtime/webhooks/eventgrid?functionName=blobCreated */
  endpoint: string;
  /** Event Grid's filter, e.g. /blobServices/default/containers/telemetry/ */
  subjectBeginsWith?: string;
  subjectEndsWith?: string;
  /** Shorthand for the filter on the container. */
  containers?: readonly string[];
  /** `eventGrid` unless said otherwise. */
  schema?: 'eventGrid' | 'cloudEvents';
}

export const nameOf = (subscription: Subscription): string =>
  subscription.name ?? subscription.endpoint.replace(/^https?:\/\//, '').replaceAll(/[^A-Za-z0-9]+/g, '-');

export const wants = (subscription: Subscription, event: BlobEvent): boolean => {
  const { containers, subjectBeginsWith = '', subjectEndsWith = '' } = subscription;
  if (!event.subject.startsWith(subjectBeginsWith) || !event.subject.endsWith(subjectEndsWith)) return false;
  return containers === undefined || containers.includes(event.subject.split('/')[4] ?? '');
};

const post = (subscription: Subscription, type: string, attempt: number, body: unknown, signal: AbortSignal) =>
  fetch(subscription.endpoint, {
    method: 'POST',
    headers: {
      'content-type':
        subscription.schema === 'cloudEvents'
          ? 'application/cloudevents+json; charset=utf-8'
          : 'application/json; charset=utf-8',
      'aeg-event-type': type,
      'aeg-subscription-name': nameOf(subscription).toUpperCase(),
      'aeg-delivery-count': String(attempt),
      'aeg-data-version': '',
      'aeg-metadata-version': '1',
    },
    body: JSON.stringify(body),
    redirect: 'manual',
    signal,
  });

/** Sends one event. Resolves with the HTTP status; rejects when there was no answer. */
export const deliver = async (
  subscription: Subscription,
  event: BlobEvent,
  attempt: number,
  signal: AbortSignal,
): Promise<number> => {
  // Event Grid's own schema always travels as an array, also when it holds one event; a CloudEvent travels alone.
  const body = subscription.schema === 'cloudEvents' ? asCloudEvent(event) : [event];
  const response = await post(subscription, 'Notification', attempt, body, signal);
  await response.arrayBuffer();
  return response.status;
};

/** Proof that the endpoint wants events. @throws when it does not give it. */
export const handshake = async (subscription: Subscription, signal: AbortSignal): Promise<void> => {
  if (subscription.schema === 'cloudEvents') return allowOrigin(subscription, signal);
  const validationCode = randomUUID().toUpperCase();
  const validation = {
    id: randomUUID(),
    topic: TOPIC,
    subject: '',
    data: { validationCode },
    eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent',
    eventTime: new Date().toISOString(),
    metadataVersion: '1',
    dataVersion: '2',
  };
  const response = await post(subscription, 'SubscriptionValidation', 0, [validation], signal);
  const text = await response.text();
  const answer: unknown = response.status === 200 ? JSON.parse(text) : undefined;
  const echoed =
    typeof answer === 'object' && answer !== null && 'validationResponse' in answer && answer.validationResponse;
  if (echoed !== validationCode) {
    throw new Error(
      `${subscription.endpoint} did not echo the validation code: ${response.status} ${text.slice(0, 200)}`,
    );
  }
};

/** CloudEvents' own handshake: OPTIONS, answered with the allowed origin. */
const allowOrigin = async (subscription: Subscription, signal: AbortSignal): Promise<void> => {
  const origin = 'eventgrid.azure.net';
  const response = await fetch(subscription.endpoint, {
    method: 'OPTIONS',
    headers: { 'webhook-request-origin': origin, 'webhook-request-rate': '120' },
    signal,
  });
  await response.arrayBuffer();
  const allowed = response.headers.get('webhook-allowed-origin');
  if (!response.ok || (allowed !== origin && allowed !== '*')) {
    throw new Error(`${subscription.endpoint} does not allow ${origin}: ${response.status}, allowed origin ${allowed}`);
  }
};
