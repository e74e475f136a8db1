import type * as Shapes from "./shapes.js";

export * from "./errors.js";
export * from "./problems.js";
export type * from "./shapes.js";
export * as webhooks from "./webhooks.js";

export interface ClientOptions {
  /** Where the engine is, such as https://loyalty.example.com. */
  baseUrl: string;
  /** Milliseconds for a whole answer; 10,000. */
  timeout?: number;
  /**
   * How often a request is repeated when the connection fails, the server is busy (502, 503, 504), asks to slow down
   * (429) or is still at work on the same request; 4. A write is repeated with its first key: it is done once.
   */
  maxRetries?: number;
  /** Milliseconds before the first repetition, doubled for each further one up to 8 s, half of it at random; 500. */
  retryDelay?: number;
  /** Instead of the global fetch. */
  fetch?: typeof globalThis.fetch;
  /** Instead of waiting by setTimeout. */
  sleep?: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
}

export interface ReadOptions {
  /** Gives the call up. */
  signal?: AbortSignal;
  /** Milliseconds for a whole answer to this call, instead of the client's. */
  timeout?: number;
}

export interface WriteOptions extends ReadOptions {
  /** Your own name of this write, so that it is done once even across restarts of your program; else one is made. */
  idempotencyKey?: string;
}

/** A page of a list. `for await` goes on through the following pages, fetching each when it is reached. */
export class Page<T> implements AsyncIterable<T> {
  data: T[];
  has_more: boolean;
  next_cursor: string | null;
  /** Fetch the page after this one; null where this is the last. */
  nextPage(): Promise<Page<T> | null>;
  [Symbol.asyncIterator](): AsyncIterator<T>;
}

/** A promise of a page, which `for await` takes too. */
export type PagePromise<T> = Promise<Page<T>> & AsyncIterable<T>;

export interface Paging {
  /** Rows a page, 1 to 100; 20. */
  limit?: number;
  order?: "asc" | "desc";
  /** next_cursor of the page before. */
  cursor?: string;
}

/** What happened from `from` up to, but not at, `to`. */
export interface Period {
  from?: Date | string;
  to?: Date | string;
}

/** Local days of the project's zone, such as 2026-01-31, both inclusive. */
export interface Days {
  from?: string;
  to?: string;
}

/** A customer by your own id, under either name. */
export interface Named {
  customer_id?: string;
  member_id?: string;
}

type OneCustomer = { customer_id: string; member_id?: undefined } | { customer_id?: undefined; member_id: string };
type NoCustomer = { customer_id?: undefined; member_id?: undefined };
type RewardToRedeem = Shapes.RedeemBody & { reward_id: string };
type PointsToSpend = Shapes.RedeemBody & { reward_id?: undefined; points: number };

export interface Points {
  /** Give points. */
  award(body: Shapes.AwardBody, options?: WriteOptions): Promise<Shapes.Transaction>;
  /** Redeem a reward: the answer has its `code`. */
  redeem(body: RewardToRedeem, options?: WriteOptions): Promise<Shapes.Redemption>;
  /** Without reward_id, points are spent plainly. */
  redeem(body: PointsToSpend, options?: WriteOptions): Promise<Shapes.PlainSpend>;
  /** Correct a balance by hand, with a reason and a note. */
  adjust(body: Shapes.AdjustBody, options?: WriteOptions): Promise<Shapes.Transaction>;
  /** Give one customer's points to another. */
  transfer(body: Shapes.TransferBody, options?: WriteOptions): Promise<Shapes.Transfer>;
  /** A customer's points history. */
  list(
    query: Named & Period & Paging & { type?: string; metric?: string; program?: string },
    options?: ReadOptions,
  ): PagePromise<Shapes.Transaction>;
}

export interface Customers {
  retrieve(customerId: string, options?: ReadOptions): Promise<Shapes.Customer>;
  list(query?: Paging & { status?: "active" | "frozen" }, options?: ReadOptions): PagePromise<Shapes.Customer>;
  /** Change attributes (merged; null removes a name) or status; a customer not yet known is made. */
  update(customerId: string, body: Shapes.CustomerBody, options?: WriteOptions): Promise<Shapes.Customer>;
  /** Join another customer into this one. */
  merge(customerId: string, body: Shapes.MergeBody, options?: WriteOptions): Promise<Shapes.Merged>;
  /** All that is kept of a customer. It may be large. */
  export(customerId: string, options?: WriteOptions): Promise<Shapes.Export>;
  /** Erase a customer: what names them is gone for good, the ledger stays. */
  delete(customerId: string, options?: WriteOptions): Promise<Shapes.Erased>;
  /** Balances now, or as they stood at `as_of`, or as they were known at `recorded_as_of`. */
  balances(
    customerId: string,
    query?: { as_of?: Date | string; recorded_as_of?: Date | string; program?: string; lots?: boolean },
    options?: ReadOptions,
  ): Promise<Shapes.Balances>;
  /** The customer's level in each program, and what is missing for the next. */
  tier(customerId: string, options?: ReadOptions): Promise<Shapes.MemberTiers>;
  /** How far the customer is with each challenge, in the period that is running. */
  challenges(customerId: string, options?: ReadOptions): Promise<Shapes.MemberChallenges>;
  /** The customer's stamp cards, and how far each is. */
  stampCollections(
    customerId: string,
    query?: Paging & { stamp_program?: string },
    options?: ReadOptions,
  ): PagePromise<Shapes.StampCollection>;
  /** The customer's own code, through whom they came, and who came through them. */
  referral(customerId: string, options?: ReadOptions): Promise<Shapes.Referral>;
  /** Note through whose code the customer came, or make the customer's own code. */
  refer(customerId: string, body: Shapes.ReferralBody, options?: WriteOptions): Promise<Shapes.Referral>;
}

export interface Events {
  /** Report an event. The same event_id again changes nothing and says `duplicate`. */
  send(body: Shapes.EventBody, options?: WriteOptions): Promise<Shapes.RecordedEvent>;
  /** Report up to 1,000 events; each is applied or refused on its own. */
  sendBatch(events: Shapes.EventBody[], options?: WriteOptions): Promise<Shapes.Batch>;
  retrieve(eventId: string, options?: ReadOptions): Promise<Shapes.RecordedEvent>;
  /** Why it gave what it gave: each rule's verdict. */
  explain(eventId: string, options?: ReadOptions): Promise<Shapes.Explanation>;
  /** What an event would give. Nothing is written. */
  dryRun(body: Shapes.DryRunBody, options?: WriteOptions): Promise<Shapes.Explanation>;
}

/** What points buy. A member token answers offers always; name its customer, so that the types say so too. */
export interface Rewards {
  /** As a customer has them, with `eligible` and the `reasons` why not. */
  list(
    query: Paging & OneCustomer & { kind?: string; program?: string },
    options?: ReadOptions,
  ): PagePromise<Shapes.Offer>;
  /** As they are set up. */
  list(
    query?: Paging & NoCustomer & { status?: string; kind?: string; program?: string },
    options?: ReadOptions,
  ): PagePromise<Shapes.Reward>;
  retrieve(rewardId: string, query: OneCustomer, options?: ReadOptions): Promise<Shapes.Offer>;
  retrieve(rewardId: string, query?: NoCustomer, options?: ReadOptions): Promise<Shapes.Reward>;
  /** Make a reward; a draft, unless `status` says more. */
  create(body: Shapes.RewardBody, options?: WriteOptions): Promise<Shapes.Reward>;
  /** Change what is named; nested objects are replaced whole. */
  update(rewardId: string, body: Shapes.RewardChanges, options?: WriteOptions): Promise<Shapes.Reward>;
  /** Put up to 100,000 codes into the reward's pool; with `dry_run` only say what would be added. */
  uploadCodes(
    rewardId: string,
    codes: string[],
    options?: WriteOptions & { dry_run?: boolean },
  ): Promise<Shapes.CodesAdded>;
  codes(rewardId: string, query?: Paging & { status?: string }, options?: ReadOptions): PagePromise<Shapes.Code>;
  /** Take the codes that nobody has yet out of the pool. */
  removeCodes(rewardId: string, options?: WriteOptions): Promise<Shapes.CodesRemoved>;
}

export interface Redemptions {
  list(
    query?: Named & Period & Paging & { status?: string; reward_id?: string; code?: string },
    options?: ReadOptions,
  ): PagePromise<Shapes.Redemption>;
  retrieve(redemptionId: string, options?: ReadOptions): Promise<Shapes.Redemption>;
  /** Say that a pending one was handed over. */
  fulfil(redemptionId: string, body?: Shapes.FulfilBody, options?: WriteOptions): Promise<Shapes.Redemption>;
  /** Say that a pending one can't be fulfilled; everything is given back. */
  fail(redemptionId: string, body: Shapes.FailBody, options?: WriteOptions): Promise<Shapes.Redemption>;
  /** Undo one whose code was not used: points, stock and code go back. */
  cancel(redemptionId: string, body?: Shapes.CancelRedemptionBody, options?: WriteOptions): Promise<Shapes.Redemption>;
  /** Whether a code can be used now; throws what `use` would. */
  validate(code: string, options?: WriteOptions): Promise<Shapes.Redemption>;
  /** Use a code, once; throws CodeAlreadyUsedError with `used_at` and `used_place` in its data. */
  use(body: Shapes.UseBody, options?: WriteOptions): Promise<Shapes.Redemption>;
}

export interface Offers {
  /** Redeem an offer for a user: POST /v1/offer/redeem. */
  redeem(body: Shapes.NamedOfferBody, options?: WriteOptions): Promise<Shapes.Redemption>;
  /** The same, at the address that names user and offer. */
  redeemFor(
    userId: string,
    offerId: string,
    body?: Shapes.OfferBody,
    options?: WriteOptions,
  ): Promise<Shapes.Redemption>;
}

/** With a customer named: those that can be joined now, and those that this customer has a card of. */
export interface StampPrograms {
  list(
    query?: Named & Paging & { status?: string; program?: string },
    options?: ReadOptions,
  ): PagePromise<Shapes.StampProgram>;
  retrieve(stampProgramId: string, query?: Named, options?: ReadOptions): Promise<Shapes.StampProgram>;
  /** Make a stamp program; a draft, unless `status` says more. */
  create(body: Shapes.StampProgramBody, options?: WriteOptions): Promise<Shapes.StampProgram>;
  /** Change what is named; `reward` and `display` are replaced whole. */
  update(
    stampProgramId: string,
    body: Shapes.StampProgramChanges,
    options?: WriteOptions,
  ): Promise<Shapes.StampProgram>;
}

/** Customers' cards; of one customer, see customers.stampCollections. */
export interface StampCollections {
  /** Enrol a customer in a stamp program; their purchases stamp the card from then on. */
  create(body: Shapes.StampCollectionBody, options?: WriteOptions): Promise<Shapes.StampCollection>;
  retrieve(stampCollectionId: string, options?: ReadOptions): Promise<Shapes.StampCollection>;
}

export interface StampRewards {
  /** Those of status `issued` wait to be paid. */
  list(
    query?: Named & Period & Paging & { status?: "issued" | "paid" | "revoked"; stamp_program?: string },
    options?: ReadOptions,
  ): PagePromise<Shapes.StampReward>;
  /** With the stamps in it. */
  retrieve(stampRewardId: string, options?: ReadOptions): Promise<Shapes.StampRewardWithStamps>;
  /** Say that it was paid; throws StampRewardClosedError for one that was before, or was revoked. */
  pay(stampRewardId: string, body?: Shapes.StampPaymentBody, options?: WriteOptions): Promise<Shapes.StampRewardWithStamps>;
}

export interface Holds {
  /** Reserve points of a customer. */
  create(body: Shapes.HoldBody, options?: WriteOptions): Promise<Shapes.Hold>;
  retrieve(holdId: string, options?: ReadOptions): Promise<Shapes.Hold>;
  list(
    query?: Named & Paging & { status?: string; metric?: string },
    options?: ReadOptions,
  ): PagePromise<Shapes.Hold>;
  /** Spend what is held, or a part of it; the rest is free again. */
  capture(holdId: string, body?: Shapes.CaptureBody, options?: WriteOptions): Promise<Shapes.Capture>;
  /** Free what is held. */
  release(holdId: string, options?: WriteOptions): Promise<Shapes.Hold>;
  /** Give a captured hold's points back, whole or in parts. */
  cancel(holdId: string, body?: Shapes.CancelBody, options?: WriteOptions): Promise<Shapes.Reversal>;
}

export interface Transactions {
  /** Of all customers; of one, see points.list. */
  list(
    query?: Period & Paging & { type?: string; metric?: string },
    options?: ReadOptions,
  ): PagePromise<Shapes.Transaction>;
  retrieve(transactionId: string, options?: ReadOptions): Promise<Shapes.Transaction>;
  /** Take a transaction back, whole or in parts. */
  reverse(transactionId: string, body: Shapes.ReverseBody, options?: WriteOptions): Promise<Shapes.Reversal>;
}

export interface Configured<Shape, Body, Changes> {
  list(query?: Paging, options?: ReadOptions): PagePromise<Shape>;
  retrieve(id: string, options?: ReadOptions): Promise<Shape>;
  create(body: Body, options?: WriteOptions): Promise<Shape>;
  update(id: string, body: Changes, options?: WriteOptions): Promise<Shape>;
}

/** `missions` and `rewards`, if sent to update, replace the whole lists; a mission is known by its id. */
export interface Challenges extends Configured<Shapes.Challenge, Shapes.ChallengeBody, Shapes.ChallengeChanges> {
  list(query?: Paging & { status?: string; program?: string }, options?: ReadOptions): PagePromise<Shapes.Challenge>;
}

export type MilestoneSets = Configured<Shapes.MilestoneSet, Shapes.MilestoneSetBody, Shapes.MilestoneSetChanges>;
export type Coupons = Configured<Shapes.Coupon, Shapes.CouponBody, Shapes.CouponChanges>;

/** How the members' own app reaches the environment. */
export interface MemberApps {
  retrieve(options?: ReadOptions): Promise<Shapes.MemberApp>;
  /** Lists are replaced whole. */
  update(body: Shapes.MemberAppChanges, options?: WriteOptions): Promise<Shapes.MemberApp>;
}

export type InventorySets = Configured<Shapes.InventorySet, Shapes.InventorySetBody, Shapes.InventorySetChanges>;
/** Programs that another project of the organization may use, and those that you may. */
export interface ProgramShares {
  list(query?: Paging, options?: ReadOptions): PagePromise<Shapes.ProgramShare>;
  retrieve(programShareId: string, options?: ReadOptions): Promise<Shapes.ProgramShare>;
  create(body: Shapes.ProgramShareBody, options?: WriteOptions): Promise<Shapes.ProgramShare>;
  /** The next call that names the program is refused. */
  revoke(programShareId: string, options?: WriteOptions): Promise<Shapes.ProgramShare>;
}

export type Programs = Configured<Shapes.Program, Shapes.ProgramBody, Shapes.ProgramChanges>;
export type Metrics = Configured<Shapes.Metric, Shapes.MetricBody, Shapes.MetricChanges>;
export type Tiers = Configured<Shapes.Ladder, Shapes.LadderBody, Shapes.LadderChanges>;

export interface EarningRules extends Configured<Shapes.EarningRule, Shapes.RuleBody, Shapes.RuleChanges> {
  publish(ruleId: string, options?: WriteOptions): Promise<Shapes.EarningRule>;
  archive(ruleId: string, options?: WriteOptions): Promise<Shapes.EarningRule>;
  /** Publish an earlier revision anew. */
  rollBack(ruleId: string, body: Shapes.RollBackBody, options?: WriteOptions): Promise<Shapes.EarningRule>;
  /** What was published, and when. */
  revisions(ruleId: string, query?: Paging, options?: ReadOptions): PagePromise<Shapes.Revision>;
  /** Try the draft on the events of the past; the result is fetched by backTests.retrieve. */
  backTest(ruleId: string, body: Shapes.BackTestBody, options?: WriteOptions): Promise<Shapes.BackTest>;
}

export interface BackTests {
  /** `result` is there once its status is `done`. */
  retrieve(backTestId: string, options?: ReadOptions): Promise<Shapes.BackTest>;
}

export interface Tokens {
  /** Issue a token for one customer's own app. */
  create(memberId: string, body?: Shapes.TokenBody, options?: WriteOptions): Promise<Shapes.Token>;
}

export interface Analytics {
  /** What moved the points of a metric, by day. `from` and `to` are local days (2026-01-31), both inclusive. */
  points(
    query?: Days & { metric?: string; program?: string },
    options?: ReadOptions,
  ): Promise<Shapes.PointsAnalytics>;
  /** What is outstanding now, by the month in which it expires, and at the end of each day of the period. */
  liability(
    query?: Days & { metric?: string; program?: string },
    options?: ReadOptions,
  ): Promise<Shapes.LiabilityAnalytics>;
  /** New and active customers by day, and how many there were. */
  members(query?: Days, options?: ReadOptions): Promise<Shapes.MemberAnalytics>;
  /** How many hold each level, now and at the period's end, and who rose and fell on which day. */
  tiers(query?: Days & { program?: string }, options?: ReadOptions): Promise<Shapes.TierAnalytics>;
  /** Of each challenge: how many began, completed each mission, and completed all of it. */
  challenges(
    query?: Paging & { status?: string; program?: string },
    options?: ReadOptions,
  ): PagePromise<Shapes.ChallengeFigures>;
  /**
   * What was redeemed, by how many, and what became of the codes; without a period, of the last 30 days. Days
   * (2026-01-31) are both inclusive; of instants, `to` is exclusive.
   */
  rewards(query?: Period & { program?: string }, options?: ReadOptions): Promise<Shapes.RewardAnalytics>;
  /** Of each stamp program: where its members stand now, what full cards gave, and each day of the period. */
  stamps(
    query?: Period & Paging & { status?: string; program?: string },
    options?: ReadOptions,
  ): PagePromise<Shapes.StampRow>;
}

export interface AuditEvents {
  list(
    query?: Period & Paging & { verb?: string; actor_id?: string; event_id?: string; trace_id?: string },
    options?: ReadOptions,
  ): PagePromise<Shapes.AuditEvent>;
}

/** Where you are told what happened. `webhooks.verify` checks what arrives there. */
export interface WebhookEndpoints {
  list(query?: Paging, options?: ReadOptions): PagePromise<Shapes.WebhookEndpoint>;
  retrieve(endpointId: string, options?: ReadOptions): Promise<Shapes.WebhookEndpoint>;
  /** Be told of events from now on. The answer alone holds the `secret`. */
  create(body: Shapes.WebhookEndpointBody, options?: WriteOptions): Promise<Shapes.NewWebhookEndpoint>;
  /** Change it, or disable or enable it by `status`. */
  update(endpointId: string, body: Shapes.WebhookEndpointChanges, options?: WriteOptions): Promise<Shapes.WebhookEndpoint>;
  /** Archive it, for good. */
  delete(endpointId: string, options?: WriteOptions): Promise<Shapes.WebhookEndpoint>;
  /** Another secret; the one before signs too for 24 hours. */
  rotateSecret(endpointId: string, options?: WriteOptions): Promise<Shapes.NewWebhookEndpoint>;
  /** Send a test event. */
  test(endpointId: string, options?: WriteOptions): Promise<Shapes.WebhookDelivery>;
}

/** What was sent, and how it went. */
export interface WebhookDeliveries {
  list(
    query?: Period & Paging & { endpoint?: string; status?: "pending" | "delivered" | "failed"; type?: string },
    options?: ReadOptions,
  ): PagePromise<Shapes.WebhookDelivery>;
  retrieve(deliveryId: string, options?: ReadOptions): Promise<Shapes.WebhookDelivery>;
  /** Send it again, at once, whatever became of it. */
  resend(deliveryId: string, options?: WriteOptions): Promise<Shapes.WebhookDelivery>;
}

export interface Plans {
  /** Each limit with what is used of it, and the features. */
  retrieve(options?: ReadOptions): Promise<Shapes.Plan>;
}

export interface Sandbox {
  /** Set the environment's time, so that years can be tried in a minute. */
  setClock(body: Shapes.ClockBody, options?: WriteOptions): Promise<Shapes.Environment>;
  /** Archive all data of the sandbox and go on in an empty one that is configured alike. */
  reset(options?: WriteOptions): Promise<Shapes.Environment>;
}

/** Calls of one environment of a loyalty engine, with a secret key or a member token. */
export class Client {
  constructor(apiKey: string, options: ClientOptions);
  readonly points: Points;
  readonly customers: Customers;
  readonly events: Events;
  readonly rewards: Rewards;
  readonly redemptions: Redemptions;
  readonly offers: Offers;
  readonly inventorySets: InventorySets;
  readonly coupons: Coupons;
  readonly milestoneSets: MilestoneSets;
  readonly challenges: Challenges;
  readonly stampPrograms: StampPrograms;
  readonly stampCollections: StampCollections;
  readonly stampRewards: StampRewards;
  readonly holds: Holds;
  readonly transactions: Transactions;
  readonly tokens: Tokens;
  readonly memberApps: MemberApps;
  readonly programs: Programs;
  readonly programShares: ProgramShares;
  readonly metrics: Metrics;
  readonly earningRules: EarningRules;
  readonly backTests: BackTests;
  readonly tiers: Tiers;
  readonly analytics: Analytics;
  readonly auditEvents: AuditEvents;
  readonly webhookEndpoints: WebhookEndpoints;
  readonly webhookDeliveries: WebhookDeliveries;
  readonly plans: Plans;
  readonly sandbox: Sandbox;
}
