// What a cluster is to the door: it takes rows and acknowledges them at once, on CPU that is not ours. Behind the second figure of the door
// bench only: with the local engine the host waits most of the time, and a core that waits runs the next piece of work with cold caches.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const column = { ColumnName: 'ConsumptionMetrics', ColumnType: 'string', DataType: 'String' };
const ANSWER = JSON.stringify({ Tables: [{ TableName: 'Table_0', Columns: [column], Rows: [] }] });

const server = createServer((request, response) => {
  const isMetadata = request.url?.includes('/metadata') === true;
  request.resume();
  request.on('end', () => {
    response.writeHead(isMetadata ? 404 : 200, { 'content-type': 'application/json' });
    response.end(isMetadata ? '' : ANSWER);
  });
});
server.listen(0, '127.0.0.1', () => console.log(`listening on ${(server.address() as AddressInfo).port}`));
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
