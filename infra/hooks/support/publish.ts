// Deploys a zip to a function app on Flex Consumption through its deployment endpoint, as azd and the Azure CLI do:
// POST /api/publish answers 202 with an id, /api/deployments/<id> tells how far it is.
import type { Http } from './http.ts';

const SUCCESS = 4;
const FAILED: Readonly<Record<number, string>> = {
  [-1]: 'cancelled',
  3: 'failed',
  5: 'given up, because another deployment is under way',
  6: 'done in part',
};
/** A new deployment takes a moment until it can be asked after. */
const EARLY_404 = 3;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Progress {
  readonly status?: number;
  readonly status_text?: string;
}

async function ended(http: Http, url: string, waitMs: number, pollMs: number): Promise<void> {
  const deadline = performance.now() + waitMs;
  let wasSeen = false;
  for (let attempt = 0; performance.now() < deadline; attempt++) {
    const { status: answer, body } = await http(url, { allow: [404] });
    if (answer === 404) {
      // Once it was seen, a 404 means that the worker has been recycled after its end.
      if (wasSeen) return;
      if (attempt >= EARLY_404) throw new Error(`${url}: no such deployment`);
    } else {
      wasSeen = true;
      const { status = 0, status_text: text = '' } = (body ?? {}) as Progress;
      if (status === SUCCESS) return;
      const failure = FAILED[status];
      if (failure !== undefined) throw new Error(`${url}: deployment ${failure} ${text}`.trim());
    }
    await sleep(pollMs);
  }
  throw new Error(`${url}: the deployment did not end in ${Math.round(waitMs / 1000)} s`);
}

/** One deployment, to its end. `scm`: `https://<app>.scm.azurewebsites.net`. */
export async function publish(
  http: Http,
  scm: string,
  zip: Uint8Array<ArrayBuffer>,
  { waitMs, pollMs }: { readonly waitMs: number; readonly pollMs: number },
): Promise<void> {
  const { body } = await http(`${scm}/api/publish?RemoteBuild=false&Deployer=framewatch`, {
    method: 'POST',
    bytes: zip,
    headers: { 'content-type': 'application/zip' },
  });
  if (typeof body !== 'string' || body === '') throw new Error(`${scm}/api/publish gave no deployment id`);
  await ended(http, `${scm}/api/deployments/${body}`, waitMs, pollMs);
}
