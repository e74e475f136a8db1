// What a call can throw. Each code of the engine has a class of its own in problems.js.

/**
 * A call that was not done, or whose outcome is not known. `code` is stable and meant for programs, `detail` a sentence
 * for people; `errors` name the faulty fields; `data` is what this code carries besides; `request_id` finds the request
 * in the engine's logs. `status` is that of the HTTP answer, null where none came or none fits the call.
 */
export class LoyaltyError extends Error {
  constructor(detail, { code, status = null, errors = [], data = {}, request_id = null, retryAfter = null, cause } = {}) {
    const named = errors.map((error) => `${error.field}: ${error.detail}`);
    const fields = named.filter((field) => !detail.includes(field)).join("; ");
    super(fields ? `${detail} (${fields})` : detail, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code ?? new.target.defaultCode;
    this.status = status;
    this.detail = detail;
    this.errors = errors;
    this.data = data;
    this.request_id = request_id;
    this.retryAfter = retryAfter; // milliseconds, as the server asked
  }
}
LoyaltyError.defaultCode = "unknown";

/** The connection failed before an answer came. A write may have been done: repeat it with the same key. */
export class NoAnswerError extends LoyaltyError {}
NoAnswerError.defaultCode = "no_answer";

/** No answer came in time. A write may have been done: repeat it with the same key. */
export class TimedOutError extends NoAnswerError {}
TimedOutError.defaultCode = "timed_out";

/** The server's certificate is not valid. Nothing was sent. A browser does not say so: there it is a NoAnswerError. */
export class InsecureConnectionError extends LoyaltyError {}
InsecureConnectionError.defaultCode = "insecure_connection";

/** Something answered that is not the engine: a proxy's error page, a redirect, a wrong base URL. */
export class UnexpectedAnswerError extends LoyaltyError {}
UnexpectedAnswerError.defaultCode = "unexpected_answer";

/** The delivery is not from the engine, or too old, or was changed on its way: answer 400, and do nothing. */
export class WebhookVerificationError extends LoyaltyError {}
WebhookVerificationError.defaultCode = "webhook_not_verified";
