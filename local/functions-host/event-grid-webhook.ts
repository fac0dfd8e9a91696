import type { RegisteredFunction } from './core-api.ts';
import { triggerOf, type Invoker } from './invoke.ts';

// `POST /runtime/webhooks/eventgrid?functionName=X`, as the Event Grid extension of the host answers it.

export interface WebhookAnswer {
  readonly status: number;
  readonly body?: string;
  readonly contentType?: string;
}

type Bag = Readonly<Record<string, unknown>>;
const isBag = (value: unknown): value is Bag => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Event Grid schema: an array whose event's data holds the code. CloudEvents: one object, its data may be JSON text once more. */
function validationCode(body: unknown): string | undefined {
  const event: unknown = Array.isArray(body) ? body[0] : body;
  if (!isBag(event)) return undefined;
  const data: unknown = typeof event['data'] === 'string' ? JSON.parse(event['data']) : event['data'];
  const code = isBag(data) ? data['validationCode'] : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** One invocation per event, all at once. One failure answers 500 for the whole delivery, which Event Grid then repeats. */
async function notify(invoker: Invoker, target: RegisteredFunction, body: unknown): Promise<WebhookAnswer> {
  const events: readonly unknown[] = Array.isArray(body) ? body : [body];
  const results = await Promise.all(
    events.map((event) => {
      const json = JSON.stringify(event);
      const data = isBag(event) ? JSON.stringify(event['data'] ?? null) : 'null';
      return invoker.invoke(target, {
        reason: 'EventGrid trigger fired',
        data: { json },
        triggerMetadata: { data: { json: data } },
      });
    }),
  );
  const failed = results.find((result) => !result.ok);
  if (!failed || failed.ok) return { status: 202 };
  return {
    status: 500,
    body: failed.error instanceof Error ? failed.error.message : String(failed.error),
    contentType: 'text/plain',
  };
}

export interface WebhookRequest {
  readonly functionName: string | null;
  readonly eventType: string | undefined;
  readonly body: Buffer | undefined;
}

export async function eventGridWebhook(
  invoker: Invoker,
  functions: ReadonlyMap<string, RegisteredFunction>,
  request: WebhookRequest,
): Promise<WebhookAnswer> {
  const { functionName, eventType } = request;
  const target = [...functions.values()].find(
    (candidate) => candidate.metadata.name.toLowerCase() === functionName?.toLowerCase(),
  );
  if (!target || triggerOf(target).type !== 'eventGridTrigger') {
    return {
      status: 404,
      body: `cannot find function: '${(functionName ?? '').replace(/[^\w.-]/g, '')}'`,
      contentType: 'text/plain',
    };
  }
  if (eventType === 'Unsubscribe') return { status: 202 };
  if (eventType !== 'SubscriptionValidation' && eventType !== 'Notification') return { status: 400 };
  let body: unknown;
  try {
    body = JSON.parse(request.body?.toString('utf8') ?? '');
    if (eventType === 'SubscriptionValidation') {
      const code = validationCode(body);
      return code === undefined
        ? { status: 400 }
        : { status: 200, body: JSON.stringify({ validationResponse: code }), contentType: 'application/json' };
    }
  } catch {
    return { status: 500, body: 'the request is not valid JSON', contentType: 'text/plain' };
  }
  return notify(invoker, target, body);
}
