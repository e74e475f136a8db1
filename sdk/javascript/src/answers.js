// An HTTP answer as the value of a call, or as the error that it stands for.
import { LoyaltyError, UnexpectedAnswerError } from "./errors.js";
import { PROBLEMS } from "./problems.js";

/** The JSON object of a 2xx; throws LoyaltyError for anything else. */
export function valueOf(response, text) {
  if (!response.ok) throw errorOf(response, text);
  const value = objectOf(text);
  if (value === null) {
    throw new UnexpectedAnswerError("The answer is not a JSON object: is the base URL that of the engine?", {
      status: response.status,
    });
  }
  return value;
}

/** The error that an answer stands for: of its code's class, also if the code is newer than this library. */
export function errorOf(response, text) {
  const body = objectOf(text);
  const seen = {
    status: response.status,
    request_id: response.headers.get("X-Request-Id"),
    retryAfter: milliseconds(response.headers.get("Retry-After")),
  };
  if (typeof body?.code !== "string") {
    return new UnexpectedAnswerError(`The answer is ${response.status}, and not from the engine.`, seen);
  }
  const { type, title, status, code, detail, request_id, errors, error, ...data } = body;
  const kind = PROBLEMS.get(code) ?? LoyaltyError;
  return new kind(String(detail ?? ""), {
    ...seen,
    code,
    errors: errors ?? [],
    data,
    request_id: request_id ?? seen.request_id,
  });
}

/** What was answered; null for whatever the engine does not answer. */
function objectOf(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

/** A Retry-After: seconds, or a date. */
function milliseconds(header) {
  if (header === null) return null;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now());
}
