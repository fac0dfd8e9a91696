// One cold start: loads a built function app as the worker does, sends its door one request and tells what that cost so far.
// Bundled to JavaScript before it runs (cold-start.ts), so that nothing of the stand-in is compiled from TypeScript meanwhile.
import { loadApp } from '../local/functions-host/app-loader.ts';
import { installCoreApi } from '../local/functions-host/core-api.ts';
import { invoker } from '../local/functions-host/invoke.ts';

const milliseconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const [appDir = '', name = '', body = ''] = process.argv.slice(2);
const node = milliseconds();
const registry = installCoreApi(() => undefined);
await loadApp(appDir, registry);
const found = registry.functions.get(name);
if (!found) throw new Error(`${appDir} registers no function ${name}`);
let handler = Number.NaN;
const target = {
  ...found,
  callback: (...args: unknown[]) => {
    handler = milliseconds();
    return found.callback(...args);
  },
};
const log = { isEnabled: () => false, write: () => undefined };
const result = await invoker(registry, log).invoke(target, {
  reason: 'bench',
  data: {
    http: {
      url: 'http://127.0.0.1/api',
      method: body === '' ? 'GET' : 'POST',
      headers: { 'content-type': 'text/plain', 'x-framewatch-key': 'simulator' },
      query: {},
      params: {},
      body: body === '' ? null : { bytes: Buffer.from(body) },
    },
  },
});
const status = result.ok ? Number(result.returnValue?.http?.statusCode ?? 0) : 500;
const rssMib = process.memoryUsage.rss() / 2 ** 20;
process.stdout.write(JSON.stringify({ node, handler, answer: milliseconds(), status, rssMib }), () => process.exit(0));
