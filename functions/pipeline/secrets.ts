// Secrets as they stand in URLs, headers and connection strings, taken out of text by their names.

const SECRET_PAIR =
  /\b(sig|secret|password|passwd|pwd|(?:access_?|id_?|auth_?|refresh_?)?token|client_?secret|api_?key|(?:account|shared|access|shared_?access|instrumentation)_?key)(\s{0,4}=\s{0,4}|"\s{0,4}:\s{0,4}")[^\s&;,"']+/gi;
const CREDENTIALS = /\b(bearer|basic|sharedkey|sharedaccesssignature)(\s{1,4})(?=\S{0,64}[.=_/+])\S{8,}/gi;
/** A JSON web token, whatever stands before it. */
const WEB_TOKEN = /\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g;
const MAY_HOLD = /[=":]|eyJ|bearer|basic|shared/i;

/** Takes the values of secrets out of a text; their names stay. */
export const cutSecrets = (text: string): string =>
  MAY_HOLD.test(text) ? text.replace(SECRET_PAIR, '$1$2…').replace(CREDENTIALS, '$1$2…').replace(WEB_TOKEN, '…') : text;
