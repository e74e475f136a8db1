// Sends requests. A write carries an Idempotency-Key, and each retry of it the same one.
import { valueOf } from "./answers.js";
import { InsecureConnectionError, LoyaltyError, NoAnswerError, TimedOutError } from "./errors.js";

const LONGEST_DELAY = 8_000; // milliseconds between two attempts, where the server does not ask for more
const LONGEST_WAIT = 60_000; // that a server's Retry-After is waited for; asked for more, the call fails at once
const LONGEST_TIMEOUT = 2_147_483_000; // milliseconds; a timer that is set longer ends at once
const PASSING = new Set([429, 502, 503, 504]);
const WRITABLE = /^[\x21-\x7e]+$/; // in a header
// What Node.js says of a certificate that is not valid.
const UNTRUSTED = new Set([
  "CERT_CHAIN_TOO_LONG",
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_REJECTED",
  "CERT_REVOKED",
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "HOSTNAME_MISMATCH",
  "INVALID_CA",
  "INVALID_PURPOSE",
  "PATH_LENGTH_EXCEEDED",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

export class Transport {
  #apiKey;

  constructor(apiKey, { baseUrl, timeout = 10_000, maxRetries = 4, retryDelay = 500, fetch, sleep = pause } = {}) {
    if (!isWritable(apiKey)) throw new TypeError("apiKey must be printable ASCII characters without spaces.");
    if (!/^https?:\/\//.test(baseUrl ?? "") || !URL.canParse(baseUrl)) {
      throw new TypeError("baseUrl must be an address that begins with https:// or http://.");
    }
    this.#apiKey = apiKey;
    this.baseUrl = baseUrl.replace(/\/+$/, "");
    this.timeout = checkedTimeout(timeout);
    this.maxRetries = maxRetries;
    this.retryDelay = retryDelay;
    // Called without an owner, as browsers want their own fetch to be.
    this.fetch = fetch ?? ((...request) => globalThis.fetch(...request));
    this.sleep = sleep;
  }

  /** GET; names of the query whose value is undefined or null are left out. */
  read(path, query = {}, options = {}) {
    return this.#call("GET", path + queryString(query), undefined, undefined, options);
  }

  /** POST, PATCH or DELETE with the caller's idempotency key, or a new one. */
  write(method, path, body = {}, options = {}) {
    const sent = method === "DELETE" ? undefined : JSON.stringify(body);
    return this.#call(method, path, sent, checkedKey(options.idempotencyKey ?? crypto.randomUUID()), options);
  }

  async #call(method, path, body, key, { signal, timeout = this.timeout }) {
    checkedTimeout(timeout);
    const headers = { Accept: "application/json", Authorization: `Bearer ${this.#apiKey}` };
    if (key !== undefined) headers["Idempotency-Key"] = key;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#send(path, { method, headers, body }, signal, timeout);
      } catch (error) {
        const wait = this.#wait(error, attempt);
        if (wait === null) throw error;
        await this.sleep(wait, signal);
      }
    }
  }

  async #send(path, request, signal, timeout) {
    signal?.throwIfAborted();
    const controller = new AbortController();
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      controller.abort();
    }, timeout);
    const stop = () => controller.abort(signal.reason);
    signal?.addEventListener("abort", stop, { once: true });
    try {
      // A redirected POST would become a GET.
      const response = await this.fetch(this.baseUrl + path, {
        ...request,
        redirect: "manual",
        signal: controller.signal,
      });
      return valueOf(response, await response.text());
    } catch (error) {
      if (error instanceof LoyaltyError) throw error;
      signal?.throwIfAborted();
      if (late) throw new TimedOutError(`No answer in ${timeout} milliseconds.`, { cause: error });
      if (UNTRUSTED.has(error?.cause?.code)) {
        throw new InsecureConnectionError(`No secure connection: ${error.cause.message}`, { cause: error });
      }
      throw new NoAnswerError(`No answer: ${error?.cause?.message ?? error?.message ?? error}`, { cause: error });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    }
  }

  /** Milliseconds until the next attempt; null: there is none. */
  #wait(error, attempt) {
    if (attempt >= this.maxRetries || !passes(error)) return null;
    if ((error.retryAfter ?? 0) > LONGEST_WAIT) return null;
    const longest = Math.min(LONGEST_DELAY, this.retryDelay * 2 ** Math.min(attempt, 30));
    // Half of it at random, so that callers who failed together don't come back together.
    return Math.max(longest * (0.5 + Math.random() / 2), error.retryAfter ?? 0);
  }
}

function isWritable(text) {
  return typeof text === "string" && WRITABLE.test(text);
}

function checkedKey(key) {
  if (isWritable(key) && key.length <= 255) return key;
  throw new TypeError("idempotencyKey must be 1 to 255 printable ASCII characters without spaces.");
}

function checkedTimeout(timeout) {
  if (timeout > 0 && timeout <= LONGEST_TIMEOUT) return timeout;
  throw new TypeError(`timeout must be more than 0 and at most ${LONGEST_TIMEOUT} milliseconds.`);
}

/** Whether the same request may well succeed later. */
function passes(error) {
  if (!(error instanceof LoyaltyError)) return false;
  return error instanceof NoAnswerError || PASSING.has(error.status) || error.code === "idempotency_key_in_use";
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

function queryString(query) {
  const asked = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  if (asked.length === 0) return "";
  const text = (value) => (value instanceof Date ? value.toISOString() : String(value));
  return `?${new URLSearchParams(asked.map(([name, value]) => [name, text(value)]))}`;
}
