// An app that shows what a host does: every function answers with what it was given.
import { app } from '@azure/functions';

let fired = [];
const anonymous = { authLevel: 'anonymous' };

app.http('echo', {
  ...anonymous,
  methods: ['GET', 'POST', 'OPTIONS'],
  route: 'echo/{id}/{kind?}',
  handler: async (request) => {
    const body = Buffer.from(await request.arrayBuffer());
    return {
      jsonBody: {
        method: request.method,
        url: request.url,
        params: request.params,
        query: Object.fromEntries(request.query),
        headers: Object.fromEntries(request.headers),
        length: body.length,
        head: body.subarray(0, 4).toString('hex'),
      },
    };
  },
});
app.http('number', {
  ...anonymous,
  methods: ['GET'],
  route: 'number/{n:int}',
  handler: (request) => ({ body: request.params.n }),
});
app.http('rest', {
  ...anonymous,
  methods: ['GET'],
  route: 'files/{*rest}',
  handler: (request) => ({ body: request.params.rest ?? 'none' }),
});
app.http('literal', { ...anonymous, methods: ['GET'], route: 'files/fixed', handler: () => ({ body: 'fixed' }) });
app.http('throws', {
  ...anonymous,
  methods: ['GET'],
  handler: () => {
    throw new Error('a secret in an error');
  },
});
app.http('nothing', { ...anonymous, methods: ['GET'], handler: () => undefined });
app.http('text', { ...anonymous, methods: ['GET'], handler: () => 'a string is no answer' });
app.http('status', {
  ...anonymous,
  methods: ['GET'],
  handler: (request) => ({
    status: Number(request.query.get('code')),
    body: 'body',
    cookies: [{ name: 'a', value: '1', httpOnly: true, sameSite: 'Lax', path: '/' }],
  }),
});
app.http('defaults', { handler: (request) => ({ body: request.method }) });
app.http('json', { ...anonymous, methods: ['POST'], handler: async (request) => ({ jsonBody: await request.json() }) });
app.http('fired', {
  ...anonymous,
  methods: ['GET', 'DELETE'],
  handler: (request) => {
    if (request.method === 'DELETE') fired = [];
    return { jsonBody: fired };
  },
});
app.http('slow', {
  ...anonymous,
  methods: ['GET'],
  handler: async () => {
    await new Promise((resolve) => setTimeout(resolve, 800));
    return { body: 'late but here' };
  },
});
app.http('crash', {
  ...anonymous,
  methods: ['POST'],
  handler: () => {
    setTimeout(() => {
      throw new Error('out of the blue');
    }, 5);
    return { status: 202 };
  },
});
app.eventGrid('onEvent', {
  handler: async (event, context) => {
    if (event.subject === 'fail') throw new Error('cannot take this one');
    fired.push({
      id: event.id,
      type: event.eventType ?? event.type,
      data: event.data,
      metadata: context.triggerMetadata?.data,
    });
  },
});
app.timer('onTimer', {
  schedule: '0 0 0 1 1 *',
  handler: (timer) => {
    fired.push({ timer });
  },
});
app.hook.preInvocation((context) => {
  context.invocationContext.extraInputs.set('hooked', true);
});
