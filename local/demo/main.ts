import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { createDemoHandler } from './handler.ts';

// The demo page alone: node local/demo/main.ts [--port 3000] [--endpoint http://127.0.0.1:7071] [--key demo]

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '3000' },
    endpoint: { type: 'string', default: 'http://127.0.0.1:7071' },
    key: { type: 'string', default: 'demo' },
  },
});

const handle = createDemoHandler({ endpoint: values.endpoint, key: values.key });
const server = createServer((req, res) => {
  handle(req, res).then(
    (handled) => handled || res.writeHead(302, { location: '/demo/' }).end(),
    (error: unknown) => {
      console.error(error);
      res.destroy();
    },
  );
});
server.on('error', (error: NodeJS.ErrnoException) => {
  const taken = error.code === 'EADDRINUSE';
  console.error(taken ? `demo: port ${values.port} is taken; choose another with --port` : error);
  process.exitCode = 1;
});
server.listen(Number(values.port), '127.0.0.1', () => {
  console.log(`demo page: http://127.0.0.1:${values.port}/demo/  (probe → ${values.endpoint})`);
});
