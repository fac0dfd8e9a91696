import { KustoError, type KustoErrorCode } from '../types.ts';

interface Shape {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly type: string;
  readonly prefix: string;
}

const SHAPES: Readonly<Record<KustoErrorCode, Shape>> = {
  SYN: {
    status: 400,
    code: 'General_BadRequest',
    message: 'Request is invalid and cannot be executed.',
    type: 'Kusto.Data.Exceptions.SyntaxException',
    prefix: 'Syntax error: ',
  },
  SEM: {
    status: 400,
    code: 'General_BadRequest',
    message: 'Request is invalid and cannot be executed.',
    type: 'Kusto.Data.Exceptions.SemanticException',
    prefix: 'Semantic error: ',
  },
  UNSUPPORTED: {
    status: 400,
    code: 'General_BadRequest',
    message: 'Request is invalid and cannot be executed.',
    type: 'Kusto.Data.Exceptions.KustoBadRequestException',
    prefix: 'Not supported: ',
  },
  BADREQUEST: {
    status: 400,
    code: 'General_BadRequest',
    message: 'Request is invalid and cannot be executed.',
    type: 'Kusto.Data.Exceptions.KustoBadRequestException',
    prefix: '',
  },
  NOTFOUND: {
    status: 400,
    code: 'BadRequest_EntityNotFound',
    message: 'Request is invalid and cannot be executed.',
    type: 'Kusto.Data.Exceptions.EntityNotFoundException',
    prefix: '',
  },
  LIMIT: {
    status: 400,
    code: 'LimitsExceeded',
    message: 'Request is invalid and cannot be executed.',
    type: 'Kusto.Data.Exceptions.KustoServicePartialQueryFailureLimitsExceededException',
    prefix: '',
  },
  TIMEOUT: {
    status: 504,
    code: 'General_ServiceTimeout',
    message: 'Request timed out.',
    type: 'Kusto.Data.Exceptions.KustoServiceTimeoutException',
    prefix: '',
  },
  INTERNAL: {
    status: 500,
    code: 'General_InternalServerError',
    message: 'An unknown error occurred.',
    type: 'Kusto.Data.Exceptions.KustoServiceException',
    prefix: '',
  },
};

export interface RequestIds {
  readonly clientRequestId: string;
  readonly activityId: string;
}

/** An error as Kusto's OneApi object, with its HTTP status. The line and column stand in the message, as clients show it. */
export function toOneApi(error: KustoError, ids: RequestIds): { status: number; body: string; oneApi: object } {
  const shape = SHAPES[error.code];
  const known = /^([A-Z][A-Za-z]+_[A-Za-z]+): /.exec(error.message)?.[1];
  const position = error.line === undefined ? '' : ` [line:position=${error.line}:${error.column ?? 1}]`;
  const text = `${error.message.startsWith(shape.prefix.trim()) ? '' : shape.prefix}${error.message}${error.message.includes('[line:position=') ? '' : position}`;
  const oneApi = {
    error: {
      code: known ?? shape.code,
      message: shape.message,
      '@type': shape.type,
      '@message': text,
      '@context': {
        timestamp: new Date().toISOString(),
        serviceAlias: 'FRAMEWATCH',
        clientRequestId: ids.clientRequestId,
        activityId: ids.activityId,
      },
      '@permanent': error.permanent,
    },
  };
  return { status: known === 'Stream_InputStreamTooLarge' ? 413 : shape.status, body: JSON.stringify(oneApi), oneApi };
}
