// What may well succeed later is repeated with the same key, and nothing else.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { Client, InsecureConnectionError, NoAnswerError, PROBLEMS, RateLimitedError, ServiceUnavailableError, TimedOutError } from "../src/index.js";
import { answer, BREAKS, made, refusal, SILENT } from "./fake.js";

const PASSING = new Map([["idempotency_key_in_use", 409], ["rate_limited", 429], ["service_unavailable", 503]]);
const AWARD = { customer_id: "ada", points: 100 };
const DONE = answer(201, { points: 100 });

const failures = {
  "the connection breaks": BREAKS,
  "the same request is still worked on": refusal("idempotency_key_in_use", 409),
  "too many requests": refusal("rate_limited", 429),
  "the database is away": refusal("service_unavailable", 503),
  "a proxy finds no server": answer(502, "<html>Bad gateway</html>"),
  "a proxy waits too long": answer(504, ""),
};
for (const [name, failure] of Object.entries(failures)) {
  test(`a write is repeated with its key and its body when ${name}`, async () => {
    const { client, asked, waits } = made([failure, failure, DONE]);
    assert.equal((await client.points.award(AWARD)).points, 100);
    assert.match(asked[0].key, /^[0-9a-f-]{36}$/);
    assert.equal(asked.length, 3);
    for (const again of asked) assert.deepEqual([again.key, again.body], [asked[0].key, asked[0].body]);
    assert.equal(waits.length, 2);
  });
}

test("an answer that is cut off is asked for again with the same key", async () => {
  const keys = [];
  const server = createServer((request, response) => {
    keys.push(request.headers["idempotency-key"]);
    response.writeHead(201, { "Content-Length": keys.length === 1 ? "4000" : "14" });
    response.write('{"points": 10}', () => keys.length === 1 && response.destroy());
    if (keys.length > 1) response.end();
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const client = new Client("sk", { baseUrl: `http://127.0.0.1:${server.address().port}`, retryDelay: 1 });
  try {
    assert.equal((await client.points.award(AWARD)).points, 10);
  } finally {
    server.closeAllConnections();
    server.close();
  }
  assert.equal(keys.length, 2);
  assert.equal(keys[0], keys[1]);
});

test("a read is repeated and has no key", async () => {
  const { client, asked } = made([BREAKS, answer(200, { id: "ada" })]);
  assert.equal((await client.customers.retrieve("ada")).id, "ada");
  assert.deepEqual(asked.map(({ key }) => key), [undefined, undefined]);
});

test("two writes have two keys, and the caller's own is taken", async () => {
  const { client, asked } = made([DONE]);
  await client.points.award(AWARD);
  await client.points.award(AWARD);
  await client.points.award(AWARD, { idempotencyKey: "order-1" });
  assert.notEqual(asked[0].key, asked[1].key);
  assert.equal(asked[2].key, "order-1");
});

for (const idempotencyKey of ["", "two words", "order-1\r\nX: y", "größe", "x".repeat(256)]) {
  test(`${JSON.stringify(idempotencyKey.slice(0, 20))} is no key: it is neither sent nor replaced`, () => {
    const { client, asked } = made([DONE]);
    assert.throws(() => client.points.award(AWARD, { idempotencyKey }), TypeError);
    assert.deepEqual(asked, []);
  });
}

test("a certificate that is not valid is not asked again", async () => {
  for (const code of ["CERT_HAS_EXPIRED", "ERR_TLS_CERT_ALTNAME_INVALID"]) {
    let asked = 0;
    const fetch = async () => {
      asked++;
      throw new TypeError("fetch failed", { cause: Object.assign(new Error("certificate has expired"), { code }) });
    };
    const { client } = made([], { fetch });
    await assert.rejects(client.points.award(AWARD), (error) => {
      assert.ok(error instanceof InsecureConnectionError && !(error instanceof NoAnswerError));
      assert.equal(error.message, "No secure connection: certificate has expired");
      return true;
    });
    assert.equal(asked, 1);
  }
});

test("it gives up after four repetitions", async () => {
  const { client, asked, waits } = made([refusal("service_unavailable", 503)]);
  await assert.rejects(client.points.award(AWARD), ServiceUnavailableError);
  assert.equal(asked.length, 5);
  assert.equal(new Set(asked.map(({ key }) => key)).size, 1);
  assert.equal(waits.length, 4);
});

test("the waits double, are jittered and never exceed eight seconds", async () => {
  const { client, waits } = made([answer(503, "")], { maxRetries: 40 });
  await assert.rejects(client.customers.retrieve("ada"));
  assert.equal(waits.length, 40);
  waits.forEach((wait, attempt) => {
    const longest = Math.min(8000, 500 * 2 ** attempt);
    assert.ok(wait >= longest / 2 && wait <= longest, `${wait} at ${attempt}`);
  });
  assert.ok(new Set(waits.slice(4)).size > 30);
});

test("Retry-After is honoured up to a minute", async () => {
  const soon = made([refusal("rate_limited", 429, { "Retry-After": "7" }), answer(200, {})]);
  await soon.client.customers.retrieve("ada");
  assert.deepEqual(soon.waits, [7000]);
  const tomorrow = new Date(Date.now() + 86_400_000).toUTCString();
  const late = made([refusal("rate_limited", 429, { "Retry-After": tomorrow })]);
  await assert.rejects(late.client.customers.retrieve("ada"), (error) => {
    assert.ok(error instanceof RateLimitedError);
    assert.ok(Math.abs(error.retryAfter - 86_400_000) < 60_000);
    return true;
  });
  assert.deepEqual([late.waits, late.asked.length], [[], 1]);
});

for (const code of PROBLEMS.keys()) {
  if (PASSING.has(code)) continue;
  test(`${code} is not repeated`, async () => {
    const { client, asked, waits } = made([refusal(code, 409), DONE]);
    await assert.rejects(client.points.award(AWARD));
    assert.deepEqual([asked.length, waits], [1, []]);
  });
}

test("a server that is silent is given up in time and asked again with the same key", async () => {
  const { client, asked, waits } = made([SILENT], { timeout: 30, maxRetries: 1 });
  await assert.rejects(client.points.award(AWARD), (error) => {
    assert.ok(error instanceof TimedOutError && error instanceof NoAnswerError);
    assert.deepEqual([error.code, error.status], ["timed_out", null]);
    return true;
  });
  assert.equal(asked.length, 2);
  assert.equal(asked[0].key, asked[1].key);
  assert.equal(waits.length, 1);
});

test("one call may be waited for longer than the others", async () => {
  const slow = async () => {
    await new Promise((done) => setTimeout(done, 60));
    return new Response('{"id": "ada"}');
  };
  const fetch = (url, { signal }) =>
    Promise.race([slow(), new Promise((_, stop) => signal.addEventListener("abort", () => stop(new Error())))]);
  const { client } = made([], { fetch, timeout: 20, maxRetries: 0 });
  assert.equal((await client.customers.retrieve("ada", { timeout: 5_000 })).id, "ada");
  await assert.rejects(client.customers.retrieve("ada"), /No answer in 20 milliseconds/);
});

test("a timeout that no timer can count is refused", async () => {
  for (const timeout of [0, -1, Infinity, NaN, 2 ** 31]) {
    assert.throws(() => made([DONE], { timeout }), /timeout/);
    const { client, asked } = made([DONE]);
    await assert.rejects(client.points.award(AWARD, { timeout }), /timeout/);
    assert.deepEqual(asked, []);
  }
});

test("the caller can give a call up, which is not repeated", async () => {
  const { client, asked, waits } = made([SILENT]);
  const controller = new AbortController();
  const call = client.points.award(AWARD, { signal: controller.signal });
  setTimeout(() => controller.abort(new Error("enough")), 10);
  await assert.rejects(call, /enough/);
  assert.deepEqual([asked.length, waits], [1, []]);
});

test("the caller can give it up while it waits, too", async () => {
  const { client, asked } = made([BREAKS], { sleep: undefined, retryDelay: 60_000 });
  const call = client.points.award(AWARD, { signal: AbortSignal.timeout(10) });
  await assert.rejects(call, { name: "TimeoutError" });
  assert.equal(asked.length, 1);
});
