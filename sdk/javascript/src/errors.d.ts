/** One faulty field of an `invalid_request`. */
export interface FieldError {
  field: string;
  code: string;
  detail: string;
}

/** A call that was not done, or whose outcome is not known. */
export class LoyaltyError extends Error {
  constructor(detail: string, options?: Partial<Omit<LoyaltyError, keyof Error | "detail">> & { cause?: unknown });
  static defaultCode: string;
  /** Stable, and meant for programs. */
  code: string;
  /** That of the HTTP answer; null where none came, or none fits the call. */
  status: number | null;
  /** A sentence for people. */
  detail: string;
  errors: FieldError[];
  /** What this code carries besides, such as `balance` and `required`. */
  data: Record<string, any>;
  /** Finds the request in the engine's logs. */
  request_id: string | null;
  /** Milliseconds, as the server asked. */
  retryAfter: number | null;
}
/** The connection failed before an answer came. A write may have been done: repeat it with the same key. */
export class NoAnswerError extends LoyaltyError {}
/** No answer came in time. A write may have been done: repeat it with the same key. */
export class TimedOutError extends NoAnswerError {}
/** The server's certificate is not valid. Nothing was sent. A browser does not say so: there it is a NoAnswerError. */
export class InsecureConnectionError extends LoyaltyError {}
/** Something answered that is not the engine: a proxy's error page, a redirect, a wrong base URL. */
export class UnexpectedAnswerError extends LoyaltyError {}
/** The delivery is not from the engine, or too old, or was changed on its way. */
export class WebhookVerificationError extends LoyaltyError {}
