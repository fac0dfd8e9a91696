import { parseArgs } from 'node:util';
import { startFunctionsHost } from './supervisor.ts';

// node local/functions-host/main.ts [--port 7071] [--host 127.0.0.1] [--app .] [--settings FILE] [--state DIR]

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '7071' },
    host: { type: 'string', default: '127.0.0.1' },
    app: { type: 'string', default: '.' },
    settings: { type: 'string' },
    state: { type: 'string' },
  },
});

try {
  const host = await startFunctionsHost({
    app: values.app,
    host: values.host,
    port: Number(values.port),
    settings: values.settings,
    state: values.state,
  });
  const stop = (): void => {
    void host.close().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  // Under a parent with a channel, Ctrl-C is the parent's to handle: it stops the senders first.
  process.on('SIGINT', () => process.connected || stop());
  process.on('disconnect', stop);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
