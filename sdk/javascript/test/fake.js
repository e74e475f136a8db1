// A fetch that answers what a test tells it to, and remembers what it was asked.
import { Client } from "../src/index.js";

export const BREAKS = Symbol("the connection breaks");
export const SILENT = Symbol("no answer comes");

export function answer(status, body, headers = {}) {
  return { status, text: typeof body === "string" ? body : JSON.stringify(body), headers };
}

/** A problem as the engine words it. */
export function refusal(code, status, headers = {}, data = {}) {
  const problem = { type: "t", title: "T", status, code, detail: "A sentence.", request_id: "r1", errors: [], ...data };
  return answer(status, { ...problem, error: { code, message: "A sentence." } }, headers);
}

/** A client, what it asked, and how long it waited; the last answer is given again and again. */
export function made(answers, options = {}) {
  const asked = [];
  const waits = [];
  const fetch = async (url, request) => {
    asked.push({ url, ...request, key: request.headers["Idempotency-Key"] });
    const told = answers.length > 1 ? answers.shift() : answers[0];
    if (told === BREAKS) throw new TypeError("fetch failed");
    if (told === SILENT) {
      await new Promise((_, reject) => {
        request.signal.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
      });
    }
    return new Response(told.text, { status: told.status, headers: told.headers });
  };
  const sleep = async (milliseconds) => void waits.push(milliseconds);
  const client = new Client("sk_test", { baseUrl: "https://loyalty.example/", fetch, sleep, ...options });
  return { client, asked, waits };
}
