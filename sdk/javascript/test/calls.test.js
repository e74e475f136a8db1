// What is sent, and what is made of the answers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Client, InsufficientBalanceError, InvalidRequestError, LoyaltyError, PROBLEMS, UnexpectedAnswerError } from "../src/index.js";
import { answer, made, refusal } from "./fake.js";

for (const [code, kind] of PROBLEMS) {
  test(`${code} is an error of its own`, async () => {
    const { client } = made([refusal(code, 418)], { maxRetries: 0 });
    await assert.rejects(client.customers.retrieve("ada"), (error) => {
      assert.equal(error.constructor, kind);
      assert.deepEqual([error.code, error.name, kind.defaultCode, error.status], [code, kind.name, code, 418]);
      return true;
    });
  });
}

test("an error carries all that the engine says", async () => {
  const { client } = made([refusal("insufficient_balance", 409, {}, { balance: 10, required: 200 })]);
  await assert.rejects(client.points.redeem({ customer_id: "ada", reward_id: "rwd_1" }), (error) => {
    assert.ok(error instanceof InsufficientBalanceError && error instanceof LoyaltyError && error instanceof Error);
    assert.deepEqual(error.data, { balance: 10, required: 200 });
    assert.deepEqual([error.detail, error.message, error.request_id], ["A sentence.", "A sentence.", "r1"]);
    return true;
  });
});

test("a faulty field is named", async () => {
  const errors = [{ field: "points", code: "min_value", detail: "At least 1." }];
  const { client } = made([refusal("invalid_request", 400, {}, { errors })]);
  await assert.rejects(client.points.award({}), (error) => {
    assert.ok(error instanceof InvalidRequestError);
    assert.deepEqual(error.errors, errors);
    assert.match(error.message, /points: At least 1\./);
    return true;
  });
});

test("a field that the sentence names is not said again", async () => {
  const errors = [
    { field: "points", code: "min_value", detail: "At least 1." },
    { field: "reason", code: "required", detail: "Say why." },
  ];
  const { client } = made([refusal("invalid_request", 400, {}, { detail: "points: At least 1.", errors })]);
  await assert.rejects(client.points.award({}), (error) => {
    assert.equal(error.message, "points: At least 1. (reason: Say why.)");
    assert.deepEqual(error.errors, errors);
    return true;
  });
});

test("a code that is newer than the library is a plain error", async () => {
  const { client } = made([refusal("moon_in_the_wrong_phase", 409, {}, { phase: "full" })]);
  await assert.rejects(client.customers.retrieve("ada"), (error) => {
    assert.equal(error.constructor, LoyaltyError);
    assert.deepEqual([error.code, error.data], ["moon_in_the_wrong_phase", { phase: "full" }]);
    return true;
  });
});

const FOREIGN = [[200, "<html>Welcome</html>"], [200, ""], [200, "null"], [201, [1]]];
for (const [status, body] of [...FOREIGN, [404, "<html>No</html>"], [301, ""], [500, [1]]]) {
  test(`a ${status} that is not the engine's is said so, and a redirect not followed`, async () => {
    const { client, asked } = made([answer(status, body)]);
    await assert.rejects(client.points.award({}), (error) => {
      assert.ok(error instanceof UnexpectedAnswerError);
      assert.equal(error.status, status);
      return true;
    });
    assert.equal(asked.length, 1);
    assert.equal(asked[0].redirect, "manual");
  });
}

const PAGES = () => [
  answer(200, { data: [{ id: 1 }, { id: 2 }], has_more: true, next_cursor: "c+/=" }),
  answer(200, { data: [{ id: 3 }], has_more: true, next_cursor: "d" }),
  answer(200, { data: [], has_more: false, next_cursor: null }),
];

test("a list goes on lazily through its pages", async () => {
  const { client, asked } = made(PAGES());
  const page = await client.points.list({ customer_id: "a&b", limit: 2, order: "asc", type: undefined });
  assert.deepEqual([page.data.length, page.has_more, page.next_cursor], [2, true, "c+/="]);
  const seen = [];
  for await (const row of page) {
    seen.push(row.id);
    if (row.id === 2) assert.equal(asked.length, 1);
  }
  assert.deepEqual(seen, [1, 2, 3]);
  const query = "https://loyalty.example/v1/points?customer_id=a%26b&limit=2&order=asc";
  assert.deepEqual(asked.map(({ url }) => url), [query, `${query}&cursor=c%2B%2F%3D`, `${query}&cursor=d`]);
});

test("a list that is not awaited can be gone through too, and its failure is caught there", async () => {
  const seen = [];
  for await (const row of made(PAGES()).client.transactions.list()) seen.push(row.id);
  assert.deepEqual(seen, [1, 2, 3]);
  await assert.rejects(async () => {
    for await (const row of made([refusal("not_found", 404)]).client.transactions.list()) seen.push(row.id);
  }, LoyaltyError);
});

for (const body of [
  {},
  { data: [], has_more: true },
  { data: null, has_more: false, next_cursor: null },
  { data: { length: 0 }, has_more: false, next_cursor: null },
  { data: [], has_more: true, next_cursor: 7 },
]) {
  test(`${JSON.stringify(body)} is no page, which is said and not asked again`, async () => {
    const { client, asked, waits } = made([answer(200, body)]);
    await assert.rejects(client.points.list({ customer_id: "ada" }), UnexpectedAnswerError);
    assert.deepEqual([asked.length, waits], [1, []]);
  });
}

test("a page that is the last has none after it", async () => {
  const { client } = made([answer(200, { data: [], has_more: false, next_cursor: null })]);
  assert.equal(await (await client.holds.list()).nextPage(), null);
});

test("an id is quoted whatever it holds", async () => {
  const { client, asked } = made([answer(200, {})]);
  await client.customers.retrieve("a/../b?c=d#é %");
  await client.offers.redeemFor("a/b", "rwd_1");
  assert.deepEqual(asked.map(({ url }) => url), [
    "https://loyalty.example/v1/customers/a%2F..%2Fb%3Fc%3Dd%23%C3%A9%20%25",
    "https://loyalty.example/v1/user/a%2Fb/offer/rwd_1/redeem",
  ]);
});

test("an id that would lead elsewhere is not sent", async () => {
  const { client, asked } = made([answer(200, {})]);
  for (const id of ["", ".", "..", undefined]) assert.throws(() => client.customers.delete(id), TypeError);
  assert.deepEqual(asked, []);
});

test("instants are written as RFC 3339", async () => {
  const { client, asked } = made([answer(200, {})]);
  const at = new Date(Date.UTC(2026, 0, 31));
  await client.points.award({ customer_id: "ada", points: 1, expires_at: at });
  await client.customers.balances("ada", { as_of: at, lots: true });
  assert.equal(JSON.parse(asked[0].body).expires_at, "2026-01-31T00:00:00.000Z");
  assert.match(asked[1].url, /balances\?as_of=2026-01-31T00%3A00%3A00.000Z&lots=true$/);
});

test("the key is sent, and nowhere to be seen", async () => {
  const { client, asked } = made([answer(200, {})]);
  await client.customers.retrieve("ada");
  assert.equal(asked[0].headers.Authorization, "Bearer sk_test");
  assert.doesNotMatch(JSON.stringify(client), /sk_test/);
});

test("a client without key or address is refused", () => {
  assert.throws(() => new Client("", { baseUrl: "https://x.example" }), TypeError);
  assert.throws(() => new Client("sk", { baseUrl: "x.example" }), TypeError);
  assert.throws(() => new Client("sk"), TypeError);
  assert.throws(() => new Client("sk", { baseUrl: "https://" }), /baseUrl/);
  for (const key of ["sk_…", "sk\n", undefined]) {
    assert.throws(() => new Client(key, { baseUrl: "https://x.example" }), /apiKey/);
  }
});
