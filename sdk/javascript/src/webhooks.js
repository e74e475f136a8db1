// Whether a webhook delivery is from the engine: Standard Webhooks (https://www.standardwebhooks.com).
import { WebhookVerificationError } from "./errors.js";

const TOLERANCE = 300; // seconds
const ALGORITHM = { name: "HMAC", hash: "SHA-256" };

/**
 * The parsed event, if one of the secrets signed it within `tolerance` seconds of now; several while one is rotated.
 * `payload` is the body as it came, before any parsing: a string or bytes. Throws WebhookVerificationError; TypeError for
 * a secret that is none.
 */
export async function verify(payload, headers, secret, { tolerance = TOLERANCE, now = Date.now() / 1000 } = {}) {
  const secrets = (Array.isArray(secret) ? secret : [secret]).map(keyOf);
  if (secrets.length === 0) throw new TypeError("No secret was given.");
  const [id, sentAt, signatures] = ["id", "timestamp", "signature"].map((name) => header(headers, name));
  checkAge(sentAt, tolerance, now);
  const body = typeof payload === "string" ? new TextEncoder().encode(payload) : new Uint8Array(payload);
  const signed = joined(new TextEncoder().encode(`${id}.${sentAt}.`), body);
  const checks = [];
  for (const bytes of secrets) {
    const key = await crypto.subtle.importKey("raw", bytes, ALGORITHM, false, ["verify"]);
    // Web Crypto compares in constant time.
    for (const signature of offered(signatures)) checks.push(crypto.subtle.verify("HMAC", key, signature, signed));
  }
  if (!(await Promise.all(checks)).includes(true)) {
    throw new WebhookVerificationError("No signature is by this secret.");
  }
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (error) {
    throw new WebhookVerificationError("The payload is not JSON.", { cause: error });
  }
}

function keyOf(secret) {
  const key = fromBase64(String(secret).replace(/^whsec_/, ""));
  if (key === null || key.length === 0) throw new TypeError("A secret is whsec_ and base64, as the console shows it.");
  return key;
}

function header(headers, name) {
  const wanted = `webhook-${name}`;
  const entries = typeof headers.entries === "function" ? [...headers.entries()] : Object.entries(headers);
  const found = entries.find(([each]) => each.toLowerCase() === wanted)?.[1];
  if (!found) throw new WebhookVerificationError(`The header ${wanted} is missing.`);
  return String(found);
}

function checkAge(sentAt, tolerance, now) {
  if (!/^[0-9]{1,15}$/.test(sentAt)) {
    throw new WebhookVerificationError("The header webhook-timestamp is not a number of seconds.");
  }
  if (now - Number(sentAt) > tolerance) throw new WebhookVerificationError("The delivery is too old.");
  if (Number(sentAt) - now > tolerance) {
    throw new WebhookVerificationError("The delivery is from the future: compare the clocks.");
  }
}

/** The signatures of version 1; others are not ours to judge. */
function offered(signatures) {
  return signatures
    .split(" ")
    .filter((part) => part.startsWith("v1,"))
    .map((part) => fromBase64(part.slice(3)))
    .filter((bytes) => bytes !== null);
}

/** null for what is not base64. */
function fromBase64(text) {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

function joined(first, second) {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
