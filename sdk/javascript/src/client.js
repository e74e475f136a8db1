// The client: one object, its calls grouped by what they are about.
import { Challenges, Coupons, MemberApps, MilestoneSets } from "./resources/challenges.js";
import { Customers } from "./resources/customers.js";
import { Events } from "./resources/events.js";
import { Holds, Transactions } from "./resources/ledger.js";
import { Analytics, AuditEvents, Plans, Sandbox, Tokens } from "./resources/operations.js";
import { Points } from "./resources/points.js";
import { Offers, Redemptions } from "./resources/redemptions.js";
import { InventorySets, Rewards } from "./resources/rewards.js";
import { BackTests, EarningRules, Metrics, Programs, ProgramShares, Tiers } from "./resources/setup.js";
import { StampCollections, StampPrograms, StampRewards } from "./resources/stamps.js";
import { WebhookDeliveries, WebhookEndpoints } from "./resources/webhooks.js";
import { Transport } from "./transport.js";

export class Client {
  constructor(apiKey, options) {
    const transport = new Transport(apiKey, options);
    this.points = new Points(transport);
    this.customers = new Customers(transport);
    this.events = new Events(transport);
    this.rewards = new Rewards(transport);
    this.redemptions = new Redemptions(transport);
    this.offers = new Offers(transport);
    this.inventorySets = new InventorySets(transport);
    this.coupons = new Coupons(transport);
    this.milestoneSets = new MilestoneSets(transport);
    this.challenges = new Challenges(transport);
    this.stampPrograms = new StampPrograms(transport);
    this.stampCollections = new StampCollections(transport);
    this.stampRewards = new StampRewards(transport);
    this.holds = new Holds(transport);
    this.transactions = new Transactions(transport);
    this.tokens = new Tokens(transport);
    this.memberApps = new MemberApps(transport);
    this.programs = new Programs(transport);
    this.programShares = new ProgramShares(transport);
    this.metrics = new Metrics(transport);
    this.earningRules = new EarningRules(transport);
    this.backTests = new BackTests(transport);
    this.tiers = new Tiers(transport);
    this.analytics = new Analytics(transport);
    this.auditEvents = new AuditEvents(transport);
    this.webhookEndpoints = new WebhookEndpoints(transport);
    this.webhookDeliveries = new WebhookDeliveries(transport);
    this.plans = new Plans(transport);
    this.sandbox = new Sandbox(transport);
  }
}
