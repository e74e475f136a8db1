// An HTTP answer as the value of a call, or as the error that it stands for.
import { LoyaltyError, UnexpectedAnswerError } from "./errors.js";
import { PROBLEMS } from "./problems.js";

/** The JSON of a 2xx; throws LoyaltyError for anything else. */
export function valueOf(response, text) {
  if (!response.ok) throw errorOf(response, text);
  if (text === "") return null;
  const value = parsed(text);
  if (value === undefined) {
    throw new UnexpectedAnswerError("The answer is not JSON: is the base URL that of the engine?", {
      status: response.status,
    });
  }
  return value;
}

/** The error that an answer stands for: of its code's class, also if the code is newer than this library. */
export function errorOf(response, text) {
  const body = parsed(text);
  const seen = {
    status: response.status,
    request_id: response.headers.get("X-Request-Id"),
    retryAfter: milliseconds(response.headers.get("Retry-After")),
  };
  if (typeof body !== "object" || body === null || typeof body.code !== "string") {
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

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A Retry-After: seconds, or a date. */
function milliseconds(header) {
  if (header === null) return null;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now());
}
