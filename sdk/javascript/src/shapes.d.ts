// The shapes of the engine's JSON: bodies and answers. Made by sdk/generate.py.

/** One of `metric` with `asked` and `given`; `set` with `item`. A coupon is an item of the set `coupons`. */
export interface AchievementReward {
  type: "metric" | "inventory_item" | "coupon";
  metric?: string;
  asked?: number;
  /** Less than was asked where the metric's maximum cut it. */
  given?: number;
  set?: string;
  item?: string;
}

export interface Achievement {
  /** ach_… */
  id: string;
  achieved: "mission" | "challenge";
  challenge: string;
  mission: string | null;
  title: string;
  period: string;
  rewards: AchievementReward[];
}

export interface Actor {
  kind: string;
  id: string;
}

export interface AdjustBody {
  /** The customer, by your own id. */
  customer_id?: string;
  /** The same as customer_id. */
  member_id?: string;
  /** Signed: 50 gives, -50 takes. */
  points: number;
  reason: "correction" | "goodwill" | "complaint" | "missing_points" | "fraud" | "migration" | "other";
  /** Why, in words; it stands in the audit trail. */
  note: string;
  /** points, if absent. */
  metric?: string;
}

export interface AudienceActionBody {
  /** What the member did: the event's type. */
  action: string;
  /** What missions and rules may look at; at most 32 KiB. null: none. */
  data?: Record<string, string | number | boolean> | null;
}

export interface AudienceChallenge {
  id: string;
  title: string;
  subtitle: string | null;
  notification: AudienceNotified;
  showInProfile: boolean;
  showInRail: boolean;
  time: AudienceTime;
  missions: AudienceMission[];
  rewards: AudienceReward[];
}

export interface AudienceChallengeState {
  isCompleted: boolean;
  missionsCompleted: string[];
}

export interface AudienceConfig {
  metrics: AudienceMetric[];
  inventory: AudienceInventorySet[];
  challenges: AudienceChallenge[];
}

export interface AudienceConfigAnswer {
  message: "OK";
  data: AudienceConfig;
}

export interface AudienceCoupon {
  id: string;
  title: string;
  link: string | null;
  coupon_id: string | null;
  coupon_type: string | null;
  coupon_code: string | null;
  showOnNotification: boolean;
}

export interface AudienceCouponAnswer {
  message: "OK";
  data: AudienceCoupon;
}

/** A refusal; the codes are those of /v1. */
export interface AudienceError {
  message: string;
  code: "invalid_request" | "authentication_failed" | "permission_denied" | "feature_not_in_plan" | "plan_limit_exceeded" | "not_found" | "program_not_found" | "purchase_not_found" | "method_not_allowed" | "not_acceptable" | "insufficient_balance" | "not_reversible" | "use_cancel" | "already_reversed" | "hold_not_open" | "maximum_reached" | "approval_required" | "approval_closed" | "reward_not_available" | "not_eligible" | "member_limit_reached" | "out_of_stock" | "code_already_used" | "code_expired" | "redemption_closed" | "event_id_reused" | "event_too_late" | "refund_exceeds_purchase" | "already_referred" | "already_enrolled" | "stamp_program_not_available" | "stamp_reward_closed" | "member_frozen" | "idempotency_key_in_use" | "environment_archived" | "payload_too_large" | "unsupported_media_type" | "idempotency_key_reused" | "rate_limited" | "internal_error" | "service_unavailable";
}

export interface AudienceHistoryAnswer {
  message: "OK";
  data: AudienceLine[];
  /** Only where a window is set: nothing from then on is left out. Unix time in milliseconds. */
  history_from?: number;
}

export interface AudienceInventoryChanges {
  received: AudienceItemName[];
  lost: AudienceItemName[];
}

export interface AudienceInventorySet {
  id: string;
  title: string;
  items: AudienceItem[];
}

export interface AudienceItem {
  id: string;
  title: string;
  /** An address. */
  media: string | null;
}

export interface AudienceItemName {
  setId: string;
  itemId: string;
}

export interface AudienceLine {
  id: string;
  /** Unix time in milliseconds. */
  timestamp: number;
  type: "missionCompleted" | "challengeCompleted" | "missionRevoked" | "challengeRevoked" | "metricChanged" | "inventoryChanged";
  payload: AudiencePayload;
}

export interface AudienceMetric {
  id: string;
  title: string;
  /** An address. */
  media: string | null;
  defaultValue: number;
  minimumValue: number | null;
  maximumValue: number | null;
}

export interface AudienceMetricChange {
  oldValue: number;
  newValue: number;
}

export interface AudienceMilestoneChange {
  /** A milestone; null: below the first one. */
  oldValue: string | null;
  newValue: string | null;
}

export interface AudienceMission {
  id: string;
  title: string;
  /** Its own word, else the type of the events that count. */
  type: string;
  notification: AudienceNotified;
}

export interface AudienceNotification {
  /** ach_… */
  id: string;
  /** Unix time in milliseconds. */
  timestamp: number;
  type: "missionCompleted" | "challengeCompleted";
  display: "none" | "toast" | "popup";
  title: string | null;
  message: string | null;
  payload: AudiencePayload;
}

export interface AudienceNotificationsAnswer {
  message: "OK";
  data: AudienceNotification[];
}

export interface AudienceNotified {
  display: "none" | "toast" | "popup";
  title: string | null;
  message: string | null;
}

export interface AudiencePayload {
  challengeId: string | null;
  missionId: string | null;
  /** By metric. */
  metricChanges: Record<string, AudienceMetricChange>;
  inventoryChanges: AudienceInventoryChanges;
  /** By milestone set. */
  milestoneChanges: Record<string, AudienceMilestoneChange>;
}

export interface AudienceProfile {
  /** By metric. */
  metrics: Record<string, number>;
  /** The items by inventory set. */
  inventory: Record<string, string[]>;
  /** By challenge. */
  challenges: Record<string, AudienceChallengeState>;
}

export interface AudienceProfileAnswer {
  message: "OK";
  data: AudienceProfile;
}

export interface AudienceReward {
  type: "metric" | "inventory_item" | "coupon";
  metricId: string | null;
  metricQuantity: number | null;
  /** Of a coupon `coupons`. */
  inventorySetId: string | null;
  /** Of a coupon its id. */
  inventoryItemId: string | null;
}

export interface AudienceTime {
  showInUI: boolean;
  /** Unix time in milliseconds. */
  from: number | null;
  /** Unix time in milliseconds. */
  to: number | null;
}

export interface AuditEvent {
  id: string;
  verb: string;
  object: AuditObject;
  actor: Actor;
  organization_id: string | null;
  project_id: string | null;
  environment_id: string | null;
  event_id: string | null;
  trace_id: string;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  ip: string | null;
  occurred_at: string;
  recorded_at: string;
}

export interface AuditObject {
  type: string;
  id: string;
}

export interface AwardBody {
  /** The customer, by your own id. */
  customer_id?: string;
  /** The same as customer_id. */
  member_id?: string;
  points: number;
  /** Shown in the history. */
  reason?: string;
  type?: "earned" | "bonus";
  /** Kept with the transaction. */
  metadata?: Record<string, unknown>;
  /** Overrides the metric's expiry. */
  expires_at?: Date | string;
  /** points, if absent. */
  metric?: string;
  /** Code or id; any program, if absent. By its id also one that another project shares with yours. */
  program?: string;
}

/** The events with `from` <= occurred_at < `to`. */
export interface BackTestBody {
  from: Date | string;
  /** At most the environment's now, and three years after `from`. */
  to: Date | string;
}

/** In points of the rule's metric, before refunds: what `would` have been given, and what was `given`. */
export interface BackTestResult {
  metric: string;
  events: number;
  /** Events whose data retention has erased. */
  skipped: number;
  members: number;
  members_affected: number;
  would: number;
  given: number;
  /** What the draft itself would have given. */
  this_rule: number;
  this_rule_given: number;
  this_rule_members: number;
  /** Events by what the draft made of them: the outcome of its verdict, or not_reached. */
  outcomes: Record<string, number>;
  budget: BudgetFound | null;
  days: DayFound[];
  most_affected: MemberFound[];
  /** What the figures leave out, in sentences. */
  notes: string[];
}

export interface BackTest {
  /** bt_… */
  id: string;
  rule_id: string;
  status: "queued" | "running" | "done" | "failed";
  from: string;
  to: string;
  /** Events in the period. */
  total: number;
  done: number;
  error: string | null;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  result: BackTestResult | null;
}

export interface BalanceAsOf {
  metric: string;
  /** What can be spent now. */
  balance: number;
  total: number;
  pending: number;
  held: number;
  /** How far below zero: the next credits pay it. */
  debt: number;
  /** What reversals could not take: points given back pay it. */
  shortfall: number;
  lifetime: Lifetime;
  expiring: Expiring[];
  /** With `lots=true`: what is open, first to be spent first. */
  lots?: OpenLot[];
}

export interface Balance {
  metric: string;
  /** What can be spent now. */
  balance: number;
  total: number;
  pending: number;
  held: number;
  /** How far below zero: the next credits pay it. */
  debt: number;
  /** What reversals could not take: points given back pay it. */
  shortfall: number;
  lifetime: Lifetime;
  expiring: Expiring[];
}

export interface Balances {
  member_id: string;
  /** The environment's time that is shown; null with recorded_as_of alone. */
  as_of: string | null;
  /** What was recorded by then is counted; null: all. */
  recorded_as_of: string | null;
  data: BalanceAsOf[];
}

export interface BatchBody {
  /** 1 to 1,000 events, as POST /v1/events takes them; at most 8 MiB together. */
  events: unknown[];
}

/** The refusal of one event, as it would have got it by itself; some codes carry more data. */
export interface BatchError {
  code: string;
  title: string;
  detail: string;
  /** Each by its place in the list: `events[3].type`. */
  errors: FieldProblem[];
}

export interface BatchResult {
  /** As sent; null where there was none. */
  event_id: string | null;
  outcome: "applied" | "duplicate" | "refused";
  event: Event | null;
  effects: Effect[];
  reasons: Reason[];
  error: BatchError | null;
}

export interface Batch {
  /** One for each event, in the order of the list. */
  results: BatchResult[];
}

export interface BudgetFound {
  limit: number;
  spent: number;
}

export interface CancelBody {
  /** Everything that is left, if absent. */
  points?: number;
  /** Why; shown in the history. */
  reason?: string;
}

export interface CancelRedemptionBody {
  /** Why; it stands with the redemption, and in the history. */
  reason?: string;
}

export interface CaptureBody {
  /** At most what is held; all, if absent. */
  points?: number;
  /** That of the hold, if absent. */
  reason?: string;
}

export interface Capture {
  hold: Hold;
  transaction: Transaction;
}

export interface ChallengeBody {
  title: string;
  subtitle?: string;
  /** draft, if absent. */
  status?: "draft" | "active" | "paused" | "ended";
  /** Not before then. */
  starts_at?: Date | string | null;
  /** Not from then on. */
  ends_at?: Date | string | null;
  /** ever, if absent. */
  per?: "ever" | "day" | "week" | "month";
  /** any, if absent. */
  mission_order?: "any" | "sequence";
  place?: number;
  /** true, if absent; likewise the next two. */
  show_in_profile?: boolean;
  show_in_rail?: boolean;
  show_time?: boolean;
  notification?: NotificationBody;
  /** All of them, in their order. */
  missions?: MissionBody[];
  /** All of them. */
  rewards?: ChallengeRewardBody[];
  /** Chosen, or made for you. */
  id?: string;
  /** Code or id; default, if absent. */
  program?: string;
}

/** What became of the customer's challenges by an event. */
export interface ChallengeEffects {
  counted: MissionCounted[];
  completed: Achievement[];
  revoked: Achievement[];
}

/** How far customers are in the period of now: of a challenge that repeats, this day, week or month. */
export interface ChallengeFigures {
  challenge_id: string;
  program: string;
  title: string;
  status: "draft" | "active" | "paused" | "ended";
  /** Who began. */
  started: number;
  missions: ChallengeStep[];
  /** Who completed all of it. */
  completed: number;
  /** Completed of started, 0 to 1; null where nobody began. */
  completion_rate: number | null;
}

export interface ChallengeRewardBody {
  type: "metric" | "inventory_item" | "coupon";
  /** Of metric, with quantity. */
  metric?: string;
  quantity?: number;
  /** Of inventory_item, with item. */
  set?: string;
  item?: string;
  /** Of coupon: its id. */
  coupon?: string;
}

/** One of `metric` with `quantity`; `set` with `item`; `coupon`. */
export interface ChallengeReward {
  type: "metric" | "inventory_item" | "coupon";
  metric?: string;
  quantity?: number;
  set?: string;
  item?: string;
  coupon?: string;
}

export interface Challenge {
  id: string;
  program: string;
  title: string;
  subtitle: string;
  status: "draft" | "active" | "paused" | "ended";
  starts_at: string | null;
  ends_at: string | null;
  /** How often a member can complete it: ever: once; else once in each local day, week or month. */
  per: "ever" | "day" | "week" | "month";
  /** sequence: a mission counts once those before it are complete. */
  mission_order: "any" | "sequence";
  /** Lower ones come first in the app. */
  place: number;
  show_in_profile: boolean;
  show_in_rail: boolean;
  show_time: boolean;
  notification: Notification;
  /** In their order. */
  missions: Mission[];
  /** What a member gets who has completed all missions. */
  rewards: ChallengeReward[];
  created_at: string;
  updated_at: string;
}

export interface ChallengeStep {
  mission_id: string;
  title: string;
  /** Who completed it. */
  members: number;
}

export interface ClockBody {
  /** Time stands still here until it is set again; null: real time. */
  now: Date | string | null;
}

export interface CodeProblem {
  /** Its place in the list, from 1. */
  line: number;
  code: string;
  problem: string;
}

export interface CodeRulesBody {
  source: "none" | "generated" | "pool";
  /** Of generated ones: at least 8 #, each a letter or digit; REDEEM-########, if absent. */
  pattern?: string;
  valid_days?: number | null;
  /** true, if absent. */
  returns_codes?: boolean;
}

export interface CodeRules {
  source: "none" | "generated" | "pool";
  /** Of generated ones: each # is a letter or a digit. */
  pattern: string | null;
  /** null: a code never expires. */
  valid_days: number | null;
  /** Whether a cancelled redemption gives its uploaded code back to the pool. */
  returns_codes: boolean;
  /** Of a pool: the codes that are left; at most 1,000 are counted. */
  available: number | null;
}

export interface Code {
  /** null once its customer is erased. */
  code: string | null;
  status: "available" | "issued" | "used" | "expired" | "void";
  source: "generated" | "pool";
  redemption_id: string | null;
  added_at: string;
  issued_at: string | null;
  expires_at: string | null;
  used_at: string | null;
  used_place: string | null;
}

export interface CodesAdded {
  /** In a dry run: how many would be. */
  added: number;
  /** Here before, or twice in the list; left as they are. */
  duplicates: number;
  /** Left out. */
  invalid: number;
  /** The first 100. */
  problems: CodeProblem[];
  /** Codes in the pool now. */
  available: number;
}

export interface CodesBody {
  /** Each 1 to 100 characters without spaces, once in the environment. */
  codes: string[];
  /** true: say what would be added, and add nothing. */
  dry_run?: boolean;
}

export interface CodesRemoved {
  removed: number;
}

export interface CostBody {
  kind: "fixed" | "variable";
  /** Of a fixed cost; 0: for nothing. */
  points?: number;
  /** {"gold": 150}: what members of these tiers pay. */
  tier_points?: Record<string, number>;
  /** Of a variable cost. */
  min?: number;
  /** Of a variable cost. */
  max?: number;
  /** From the minimum in such steps; 1, if absent. */
  step?: number;
  /** Of a variable cost, for each point: money in major units of `currency` (0.01: £0.01), or points of the other metric. */
  value_per_point?: number | string;
}

/** `fixed`: `points`, or for members of a tier what `tier_points` says. `variable`: the caller names the points, from `min` to `max` in steps. */
export interface Cost {
  kind: "fixed" | "variable";
  points?: number;
  tier_points?: Record<string, number>;
  min?: number;
  max?: number;
  step?: number;
  /** For each point, as a decimal: money in major units of `currency` (0.01: £0.01), or points of the other metric. */
  value_per_point?: string;
}

export interface Counterpart {
  /** txn_… */
  transaction_id: string;
  /** null once that customer is erased, and to a member token. */
  customer_id: string | null;
}

export interface CouponBody {
  title: string;
  /** An https address, or JPEG, PNG, WebP or GIF as a data URL, which is kept here; empty: none. */
  media?: string;
  /** Where it can be used. */
  link?: string;
  /** In the system that honours it. */
  coupon_id?: string;
  coupon_type?: string;
  /** The same for everybody; or a pattern. */
  code?: string;
  /** Each time another code, such as TEA-########: at least 8 #, each a letter or digit. */
  code_pattern?: string;
  /** false, if absent. */
  show_on_notification?: boolean;
  /** Chosen, or made for you. */
  id?: string;
}

export interface Coupon {
  /** Of its item in the inventory set `coupons`. */
  id: string;
  title: string;
  media: string;
  link: string;
  /** In the system that honours it. */
  coupon_id: string;
  coupon_type: string;
  /** The same for everybody. */
  code: string;
  /** Each time another code: each # is a letter or a digit. */
  code_pattern: string;
  show_on_notification: boolean;
  created_at: string;
}

export interface Customer {
  id: string;
  member_id: string;
  status: "active" | "frozen";
  attributes: Record<string, unknown>;
  created_at: string;
  points_balance: number;
  balances: Balance[];
  /** One for each program that has levels. */
  tiers: TierStatus[];
}

export interface DayFound {
  would: number;
  given: number;
  day: string;
}

export interface Definition {
  program: string | null;
  metric: string | null;
  name: string;
  event_type: string;
  condition: Record<string, unknown>;
  award: Record<string, unknown>;
  entry_type: string;
  priority: number;
  exclusive_group: string;
  caps: Record<string, unknown>[];
  budget: number | null;
  starts_at: string | null;
  ends_at: string | null;
  schedule: Record<string, unknown>;
}

export interface DryRunBody {
  /** The customer, by your own id. */
  customer_id?: string;
  /** The same as customer_id. */
  member_id?: string;
  /** dry-run, if absent; of no consequence. */
  event_id?: string;
  /** purchase, refund, or any name of yours. */
  type: string;
  /** Now, if absent; at most 30 days ago. */
  occurred_at?: Date | string;
  /** Anything that rules may use; at most 32 KiB. */
  data: Record<string, unknown>;
  /** Code or id; all active programs, if absent. By its id also one that another project shares with yours. */
  program?: string;
  /** An earning rule whose draft counts in place of what is in force. */
  rule?: string;
}

export interface EarningRule {
  id: string;
  program: string;
  metric: string;
  name: string;
  event_type: string;
  condition: Record<string, unknown>;
  award: Record<string, unknown>;
  entry_type: "earned" | "bonus";
  priority: number;
  exclusive_group: string;
  caps: Record<string, unknown>[];
  budget: number | null;
  starts_at: string | null;
  ends_at: string | null;
  schedule: Record<string, unknown>;
  status: "draft" | "published" | "archived";
  revision: number | null;
  effective_from: string | null;
  created_at: string;
}

/** What an event caused. `points`: a `transaction` (of a refund: what it takes back); `tier`: the customer's level in `program` changed; `referral`: it completed the one by `referrer_id`; `stamps`: what became of one of their stamp cards; `challenge`: a mission or a challenge was completed, or by a refund it no longer is (`revoked`). */
export interface Effect {
  kind: "points" | "tier" | "referral" | "stamps" | "challenge";
  transaction?: Transaction;
  rule_revision?: string | null;
  program?: string;
  /** The code of the level before. */
  from?: string | null;
  to?: string | null;
  change?: "reached" | "confirmed" | "grace" | "lowered" | "merged" | "granted" | "revoked";
  /** Of a referral: who was referred. */
  customer_id?: string | null;
  /** null once erased. */
  referrer_id?: string | null;
  /** sc_… */
  stamp_collection?: string;
  /** lp_… */
  stamp_program?: string;
  /** Stamps put on the card. */
  collected?: number;
  /** Stamps taken back. */
  returned?: number;
  /** Stamps on the running card, after it. */
  counter?: number;
  /** What a full card gave. */
  issued?: StampRewardOfEvent[];
  /** Not yet paid rewards that lost a stamp. */
  revoked?: StampRewardOfEvent[];
  /** Paid rewards that lost a stamp: they stand, and the card owes it. */
  standing?: StampRewardOfEvent[];
  action?: "completed" | "revoked";
  /** ach_… */
  achievement?: string;
  achieved?: "mission" | "challenge";
  challenge?: string;
  /** null of a whole challenge. */
  mission?: string | null;
  title?: string;
  /** ever, or the local day, week or month: day:2026-01-31. */
  period?: string;
  /** What it gave, or what was taken back. */
  rewards?: AchievementReward[];
}

export interface Environment {
  id: string;
  project: string;
  kind: "sandbox" | "live";
  time_zone: string;
  clock: string | null;
}

export interface Erased {
  status: "erased";
}

export interface EventBody {
  /** The customer, by your own id. */
  customer_id?: string;
  /** The same as customer_id. */
  member_id?: string;
  /** Your own id of the event; the same event again changes nothing. */
  event_id: string;
  /** purchase, refund, or any name of yours. */
  type: string;
  /** Now, if absent; at most 30 days ago. */
  occurred_at?: Date | string;
  /** Anything that rules may use; at most 32 KiB. */
  data: Record<string, unknown>;
  /** Code or id; all active programs, if absent. By its id also one that another project shares with yours. */
  program?: string;
}

export interface Event {
  /** evt_… */
  id: string;
  event_id: string;
  type: string;
  /** null once that customer is erased. */
  member_id: string | null;
  occurred_at: string;
  created_at: string;
  data: Record<string, unknown> | null;
}

export interface Expiring {
  points: number;
  expires_at: string;
}

export interface Explanation {
  event: Event;
  member_id: string | null;
  /** Earlier events of the customer that say the same under other ids, the first one first: perhaps one thing that was reported twice. */
  same_as: string[];
  levels: LevelThen[];
  refund: Refund | null;
  /** By priority, then name. */
  verdicts: Verdict[];
  reasons: Reason[];
  transactions: TransactionWithLots[];
  tier_changes: TierChange[];
  /** Of a purchase: what each of the customer's cards made of it. */
  stamps: StampVerdict[];
  /** What became of stamp cards; retention leaves it. */
  stamp_changes: StampChange[];
  /** What each mission made of it. */
  challenges: MissionVerdict[];
  /** What became of challenges; retention leaves it. */
  challenge_changes: ChallengeEffects;
  /** Whose referral it completed; of a refund: whose part it took back. */
  referrer_id: string | null;
}

export interface Export {
  exported_at: string;
  member: Record<string, unknown>;
  accounts: Record<string, unknown>[];
  transactions: Record<string, unknown>[];
  holds: Record<string, unknown>[];
  adjustment_requests: Record<string, unknown>[];
  redemptions: Record<string, unknown>[];
  items: Record<string, unknown>;
  challenges: Record<string, unknown>;
  stamp_collections: Record<string, unknown>[];
  events: Record<string, unknown>[];
  event_counts: Record<string, unknown>[];
  tiers: Record<string, unknown>;
  usage: Record<string, unknown>[];
  referrals: Record<string, unknown>;
  audit_events: Record<string, unknown>[];
}

export interface FailBody {
  /** Why it can't be handed over. */
  reason: string;
}

export interface Failed {
  /** Where in the condition. */
  path: string;
  words: string;
  field: string | null;
  actual: null;
}

export interface FieldProblem {
  field: string;
  code: string;
  detail: string;
}

export interface FulfilBody {
  /** Such as the parcel's number. */
  note?: string;
}

export interface GivesBody {
  /** Of metric and cashback: what is paid into. */
  metric?: string;
  /** Of metric: how many. */
  points?: number;
  /** Of tier_upgrade: a level of the reward's program. */
  tier?: string;
  /** Of inventory_item, with item. */
  set?: string;
  item?: string;
}

/** One of `metric` with `points`; `tier`; `set` with `item`. */
export interface Gives {
  metric?: string | null;
  /** null: it follows from the cost. */
  points?: number | null;
  /** null once the level was removed. */
  tier?: string | null;
  set?: string | null;
  item?: string | null;
}

export interface HoldBody {
  /** The customer, by your own id. */
  customer_id?: string;
  /** The same as customer_id. */
  member_id?: string;
  points: number;
  /** Seconds; 7 days, if both are absent. */
  expires_in?: number;
  /** Instead of expires_in; at most 366 days from now. */
  expires_at?: Date | string;
  /** Shown in the history, once it is captured. */
  reason?: string;
  /** Kept with the hold. */
  metadata?: Record<string, unknown>;
  /** points, if absent. */
  metric?: string;
}

export interface Hold {
  /** hold_… */
  id: string;
  status: "open" | "captured" | "released" | "expired";
  customer_id: string | null;
  metric: string;
  /** What was reserved. */
  points: number;
  /** How much of it was spent. */
  captured: number;
  reason: string | null;
  metadata: Record<string, unknown> | null;
  /** When it was recorded. */
  created_at: string;
  /** When it was made, in the environment's time. */
  occurred_at: string;
  /** From then on it is released by itself. */
  expires_at: string;
  closed_at: string | null;
  actor: Actor;
  trace_id: string;
}

export interface InventorySetBody {
  title: string;
  /** All of them: one that is left out is removed, unless a member has it or a reward gives it. */
  items?: ItemBody[];
  /** Chosen, or made for you. */
  id?: string;
  /** Code or id; default, if absent. */
  program?: string;
}

export interface InventorySet {
  id: string;
  program: string;
  title: string;
  items: Item[];
  created_at: string;
}

export interface ItemBody {
  /** Chosen, or made for you. An item is known by it, also when the list is sent anew. */
  id?: string;
  title: string;
  /** An https address, or JPEG, PNG, WebP or GIF as a data URL, which is kept here; empty: none. */
  media?: string;
}

export interface Item {
  id: string;
  title: string;
  media: string;
}

export interface LadderBody {
  /** What the levels multiply, and what points count. */
  metric?: string;
  basis?: "points" | "spend" | "events";
  /** Of spend and events: the type that counts. */
  event_type?: string;
  /** Of spend: the currency that counts; null: any. */
  currency?: string | null;
  period?: "rolling" | "calendar_year" | "lifetime";
  /** Of rolling days: how many count, and how long a level lasts. */
  days?: number | null;
  grace_days?: number;
  downgrade?: "one_down" | "to_qualified";
  /** false: the levels have no effect. */
  active?: boolean;
  /** In any order. */
  levels: LevelBody[];
  /** Chosen, or made for you. */
  id?: string;
  /** Code or id; default, if absent. */
  program?: string;
}

export interface Ladder {
  /** tl_… */
  id: string;
  program: string;
  metric: string;
  basis: "points" | "spend" | "events";
  event_type: string;
  currency: string | null;
  period: "rolling" | "calendar_year" | "lifetime";
  days: number | null;
  grace_days: number;
  downgrade: "one_down" | "to_qualified";
  active: boolean;
  /** The lowest first. */
  levels: Level[];
  created_at: string;
}

export interface LevelBody {
  /** A level is known by it, also when the list is sent anew. */
  code: string;
  title: string;
  /** Points, money or events, as `basis` says; reached at it and above. */
  threshold: number | string;
  /** Earned points are multiplied by it, 1 to 1000; 1, if absent. */
  multiplier?: number | string;
}

export interface Level {
  code: string;
  title: string;
  threshold: string;
  multiplier: string;
  /** On this level now. */
  members: number;
}

/** The customer's level in a program, before the event. */
export interface LevelThen {
  program: string | null;
  tier: string | null;
  title: string;
  multiplier: string;
}

export interface LiabilityAnalytics {
  /** Days are those of the project's zone. */
  time_zone: string;
  /** The first day. */
  from: string;
  /** The last day. */
  to: string;
  /** The environment's time at which it was counted; what is due by then is in, also where no job has run. */
  as_of: string;
  program: string;
  metric: string;
  /** What one is worth, as the metric says now. */
  unit_value: string | null;
  unit_currency: string | null;
  /** At `as_of`: the sum of the cohorts and `debt`. */
  outstanding: number;
  /** In `unit_currency`, rounded half up to its minor unit; null where the metric says no worth. */
  outstanding_value: string | null;
  /** Of the cohorts. */
  pending: number;
  /** Of the cohorts. */
  held: number;
  /** What customers owe, 0 or below. */
  debt: number;
  cohorts: LiabilityCohort[];
  data: OutstandingDay[];
}

export interface LiabilityCohort {
  /** 2026-01: the month in which they expire; null, the last one: never. */
  month: string | null;
  /** All of them, those pending and held too. */
  points: number;
  /** Of `points`: earned, and not to be spent yet. */
  pending: number;
  /** Of `points`: on hold; they don't expire meanwhile, so the month may be over. */
  held: number;
  /** In `unit_currency`, rounded half up to its minor unit; null where the metric says no worth. */
  value: string | null;
}

/** Net of reversals: earned − redeemed − expired + adjusted + transferred = total. */
export interface Lifetime {
  earned: number;
  redeemed: number;
  expired: number;
  adjusted: number;
  transferred: number;
}

export interface LimitBody {
  times: number;
  /** ever, if absent. */
  per?: "day" | "week" | "month" | "ever";
}

export interface Limit {
  per: "day" | "week" | "month" | "ever";
  /** So many times a member. */
  times: number;
}

export interface LotLeft {
  /** What was put in. */
  points: number;
  /** What is left of it now, besides what is held. */
  remaining: number;
  held: number;
  /** Not yet vested. */
  pending: boolean;
  available_at: string;
  expires_at: string | null;
}

export interface LotPiece {
  /** The transaction that put these points in. */
  transaction_id: string;
  points: number;
  earned_at: string;
  available_at: string;
  expires_at: string | null;
}

/** Who was erased, or merged into another, is on no day, but for `active`, where they count as who they are now. */
export interface MemberAnalytics {
  /** Days are those of the project's zone. */
  time_zone: string;
  /** The first day. */
  from: string;
  /** The last day. */
  to: string;
  /** The environment's time at which it was counted; what is due by then is in, also where no job has run. */
  as_of: string;
  totals: MembersTotals;
  data: MembersDay[];
}

export interface MemberApp {
  public_host: string | null;
  origins: string[];
  event_types: string[];
}

/** How far a customer is, in the period that is running. */
export interface MemberChallenge {
  id: string;
  title: string;
  /** ever, or the local day, week or month: day:2026-01-31. */
  period: string;
  status: "open" | "completed";
  completed_at: string | null;
  missions: MissionProgress[];
}

export interface MemberChallenges {
  member_id: string;
  data: MemberChallenge[];
}

export interface MemberFound {
  would: number;
  given: number;
  /** null once erased. */
  customer_id: string | null;
}

export interface MemberTiers {
  member_id: string;
  /** One for each program that has levels. */
  tiers: TierStatus[];
}

export interface MembersDay {
  day: string;
  /** Came on that day. */
  new: number;
  /** Had points moved, other than by expiry. */
  active: number;
  /** Were there at the day's end. */
  total: number;
}

export interface MembersTotals {
  new: number;
  /** Each one once, however many days. */
  active: number;
  /** At the end of the last day. */
  total: number;
}

export interface MergeBody {
  /** The customer who remains, by your own id. */
  into: string;
  /** Why; it stands in both histories. */
  reason?: string;
}

export interface Merged {
  id: string;
  member_id: string;
  status: "active" | "frozen";
  attributes: Record<string, unknown>;
  created_at: string;
  /** The id that means this customer from now on. */
  merged_id: string;
}

export interface MetricBody {
  title: string;
  media?: string;
  default_value?: number;
  minimum?: number | null;
  maximum?: number | null;
  expiry?: "never" | "days" | "months" | "date";
  /** Days or months. */
  expiry_count?: number | null;
  expiry_date?: string | null;
  expiry_month_end?: boolean;
  vesting_days?: number;
  negative_balance?: "debt" | "clip" | "reject";
  rounding?: "down" | "half_up" | "up";
  /** What one is worth in money, in major units of `unit_currency` (0.01: £0.01): reports then show what is outstanding in money too. Both or none. */
  unit_value?: number | string | null;
  unit_currency?: string | null;
  code: string;
  /** Code or id; default, if absent. */
  program?: string;
}

export interface Metric {
  code: string;
  program: string;
  title: string;
  media: string;
  default_value: number;
  minimum: number | null;
  maximum: number | null;
  expiry: "never" | "days" | "months" | "date";
  expiry_count: number | null;
  expiry_date: string | null;
  expiry_month_end: boolean;
  vesting_days: number;
  negative_balance: "debt" | "clip" | "reject";
  rounding: "down" | "half_up" | "up";
  /** What one is worth, a decimal in major units of `unit_currency`. */
  unit_value: string | null;
  unit_currency: string | null;
  created_at: string;
}

export interface MilestoneBody {
  /** Chosen, or made for you. A milestone is known by it, also when the list is sent anew. */
  id?: string;
  title: string;
  media?: string;
  /** Reached at so many points, lost below; each once in a set. */
  threshold: number;
}

export interface MilestoneSetBody {
  title: string;
  /** All of them, in any order: one that is left out is removed. */
  milestones?: MilestoneBody[];
  /** Chosen, or made for you. */
  id?: string;
  /** Whose total counts; it stays. */
  metric: string;
}

export interface MilestoneSet {
  id: string;
  metric: string;
  title: string;
  /** Lowest first. */
  milestones: Milestone[];
  created_at: string;
}

export interface Milestone {
  id: string;
  title: string;
  media: string;
  /** Reached at so many points of the metric, lost below. */
  threshold: number;
}

export interface MissionBody {
  /** Chosen, or made for you. A mission is known by it when the list is sent anew; without one by its event_type, measure, field and title. */
  id?: string;
  title: string;
  /** A word for the app. */
  type?: string;
  /** Fixed once the challenge is no draft. */
  event_type: string;
  /** Which events count: docs/conditions.md; {}: every one of the type. */
  condition?: Record<string, unknown>;
  /** count: the events; sum: what `field` adds up to. count, if absent; fixed likewise. */
  measure?: "count" | "sum";
  /** Of a sum, such as data.amount; fixed likewise. */
  field?: string;
  /** Of a count a whole number. */
  target: number | string;
  notification?: NotificationBody;
}

export interface MissionCounted {
  challenge: string;
  mission: string;
  period: string;
  /** As a decimal; of a refund below zero. */
  amount: string;
  /** After it; never above the target. */
  progress: string;
  target: string;
}

export interface MissionProgress {
  id: string;
  title: string;
  /** As a decimal; never above the target. */
  progress: string;
  target: string;
  completed_at: string | null;
}

export interface Mission {
  id: string;
  title: string;
  /** A word for the app; empty: the event type. */
  type: string;
  event_type: string;
  /** Which events count; {}: every one of the type. */
  condition: Record<string, unknown>;
  /** count: the events; sum: what `field` adds up to. */
  measure: "count" | "sum";
  /** Of a sum, such as data.amount. */
  field: string;
  /** As a decimal. */
  target: string;
  notification: Notification;
}

/** What one mission made of an event. */
export interface MissionVerdict {
  challenge: string;
  mission: string;
  /** As it was then. */
  challenge_title: string;
  /** The mission's, as it was then. */
  title: string;
  outcome: "counted" | "not_in_force" | "condition_failed" | "no_amount" | "waits";
  reason: string;
  /** Of condition_failed: the part that decided. */
  failed: Record<string, unknown> | null;
  /** What it counted, as a decimal. */
  amount: string;
}

export interface NamedOfferBody {
  /** Of a variable cost: how many to spend. Of a fixed one, if sent, the cost itself. */
  points?: number;
  /** Kept with the redemption. */
  metadata?: Record<string, unknown> | null;
  /** The customer, by your own id. */
  userId: string;
  /** The reward's id. */
  offerId: string;
}

/** With the secret, which no other call shows. */
export interface NewWebhookEndpoint {
  id: string;
  url: string;
  description: string;
  /** points.earned, points.* for all of a kind, or * for all there are. */
  event_types: string[];
  status: "enabled" | "disabled" | "archived";
  disabled_at: string | null;
  /** Why; empty while it is enabled. */
  disabled_reason: string;
  /** Since when nothing has arrived there. */
  failing_since: string | null;
  last_success_at: string | null;
  /** Until then the secret before a rotation signs too. */
  previous_secret_until: string | null;
  created_at: string;
  /** whsec_ and base64: what deliveries are verified with. */
  secret: string;
}

export interface NextTier {
  tier: string;
  title: string;
  threshold: string;
  /** How much more is needed. */
  missing: string;
}

export interface NotificationBody {
  /** none, if absent. */
  display?: "none" | "toast" | "popup";
  title?: string;
  message?: string;
}

/** What the member's app says when it is done. Without texts it finds words of its own. */
export interface Notification {
  display: "none" | "toast" | "popup";
  title: string;
  message: string;
}

export interface OfferBody {
  /** Of a variable cost: how many to spend. Of a fixed one, if sent, the cost itself. */
  points?: number;
  /** Kept with the redemption. */
  metadata?: Record<string, unknown> | null;
}

/** A reward as one member has it now. */
export interface Offer {
  /** rwd_…, or as chosen. */
  id: string;
  program: string;
  /** What it is paid in. */
  metric: string;
  kind: "discount" | "free_product" | "content_access" | "early_access" | "tier_upgrade" | "cashback" | "metric" | "inventory_item" | "custom";
  name: string;
  description: string;
  image_url: string | null;
  /** What it costs this member; of a variable cost, the least. */
  points: number;
  cost: Cost;
  /** In major units of `currency`: 1000 is ₦1,000, 2.5 is £2.50. */
  discount_amount: number | null;
  discount_percent: number | null;
  currency: string | null;
  gives: Gives | null;
  starts_at: string | null;
  ends_at: string | null;
  limit: OwnLimit | null;
  /** null: no limit. */
  stock_left: number | null;
  /** Whether redeeming it now would be accepted. */
  eligible: boolean;
  /** All that stands against it; empty where eligible. */
  reasons: ReasonNot[];
}

export interface OpenLot {
  /** The transaction that put these points in. */
  transaction_id: string;
  /** What it put in. */
  points: number;
  /** What is left of it, besides what is held. */
  remaining: number;
  held: number;
  /** Not yet vested. */
  pending: boolean;
  earned_at: string;
  available_at: string;
  expires_at: string | null;
}

export interface OutstandingDay {
  day: string;
  /** The sum of all customers' totals at the day's end. */
  outstanding: number;
  /** In `unit_currency`, rounded half up to its minor unit; null where the metric says no worth. */
  outstanding_value: string | null;
}

export interface OwnLimit {
  per: "day" | "week" | "month" | "ever";
  /** So many times a member. */
  times: number;
  /** How often this member has had it in the period. */
  used: number;
}

export interface OwnReferral {
  /** null once that customer is erased, and to a member token. */
  referrer_id: string | null;
  status: "pending" | "awarded";
  created_at: string;
  awarded_at: string | null;
}

export interface ChallengeChanges {
  title?: string;
  subtitle?: string;
  /** draft, if absent. */
  status?: "draft" | "active" | "paused" | "ended";
  /** Not before then. */
  starts_at?: Date | string | null;
  /** Not from then on. */
  ends_at?: Date | string | null;
  /** ever, if absent. */
  per?: "ever" | "day" | "week" | "month";
  /** any, if absent. */
  mission_order?: "any" | "sequence";
  place?: number;
  /** true, if absent; likewise the next two. */
  show_in_profile?: boolean;
  show_in_rail?: boolean;
  show_time?: boolean;
  notification?: NotificationBody;
  /** All of them, in their order. */
  missions?: MissionBody[];
  /** All of them. */
  rewards?: ChallengeRewardBody[];
}

export interface CouponChanges {
  title?: string;
  /** An https address, or JPEG, PNG, WebP or GIF as a data URL, which is kept here; empty: none. */
  media?: string;
  /** Where it can be used. */
  link?: string;
  /** In the system that honours it. */
  coupon_id?: string;
  coupon_type?: string;
  /** The same for everybody; or a pattern. */
  code?: string;
  /** Each time another code, such as TEA-########: at least 8 #, each a letter or digit. */
  code_pattern?: string;
  /** false, if absent. */
  show_on_notification?: boolean;
}

export interface CustomerBody {
  /** Merged; null removes a name. */
  attributes?: Record<string, unknown>;
  status?: "active" | "frozen";
}

export interface InventorySetChanges {
  title?: string;
  /** All of them: one that is left out is removed, unless a member has it or a reward gives it. */
  items?: ItemBody[];
}

export interface LadderChanges {
  /** What the levels multiply, and what points count. */
  metric?: string;
  basis?: "points" | "spend" | "events";
  /** Of spend and events: the type that counts. */
  event_type?: string;
  /** Of spend: the currency that counts; null: any. */
  currency?: string | null;
  period?: "rolling" | "calendar_year" | "lifetime";
  /** Of rolling days: how many count, and how long a level lasts. */
  days?: number | null;
  grace_days?: number;
  downgrade?: "one_down" | "to_qualified";
  /** false: the levels have no effect. */
  active?: boolean;
  /** All of them, in any order: one that is left out is removed, unless a member holds it. */
  levels?: LevelBody[];
}

export interface MemberAppChanges {
  /** The host, with its port if it has one, at which the app reads its configuration without a key; the server must answer to it. */
  public_host?: string | null;
  /** Web pages that may call: https://shop.example; an app's own, as capacitor://localhost; http for localhost and 127.0.0.1 alone. */
  origins?: string[];
  /** What members may report themselves, although something configured looks at it; never purchase or refund. */
  event_types?: string[];
}

export interface MetricChanges {
  title?: string;
  media?: string;
  default_value?: number;
  minimum?: number | null;
  maximum?: number | null;
  expiry?: "never" | "days" | "months" | "date";
  /** Days or months. */
  expiry_count?: number | null;
  expiry_date?: string | null;
  expiry_month_end?: boolean;
  vesting_days?: number;
  negative_balance?: "debt" | "clip" | "reject";
  rounding?: "down" | "half_up" | "up";
  /** What one is worth in money, in major units of `unit_currency` (0.01: £0.01): reports then show what is outstanding in money too. Both or none. */
  unit_value?: number | string | null;
  unit_currency?: string | null;
}

export interface MilestoneSetChanges {
  title?: string;
  /** All of them, in any order: one that is left out is removed. */
  milestones?: MilestoneBody[];
}

export interface ProgramChanges {
  name?: string;
  status?: "draft" | "active" | "paused" | "ended";
  starts_at?: Date | string | null;
  ends_at?: Date | string | null;
  retention_days?: number | null;
  /** An adjustment of more points needs a second person; null: none does. */
  adjustment_limit?: number | null;
}

export interface RewardChanges {
  /** What it is paid in; fixed once it is made. */
  metric?: string;
  kind?: "discount" | "free_product" | "content_access" | "early_access" | "tier_upgrade" | "cashback" | "metric" | "inventory_item" | "custom";
  name?: string;
  description?: string;
  /** JPEG, PNG, WebP or GIF, as a data URL. */
  image?: string | null;
  /** draft, if absent. */
  status?: "draft" | "active" | "paused" | "archived";
  cost?: CostBody;
  /** In major units of `currency`: 1000 is ₦1,000, 2.5 is £2.50. */
  discount_amount?: number | string | null;
  /** Above 0, to 100. */
  discount_percent?: number | string | null;
  currency?: string | null;
  gives?: GivesBody | null;
  /** Not before then. */
  starts_at?: Date | string | null;
  /** Not from then on. */
  ends_at?: Date | string | null;
  /** Who may have it: docs/conditions.md; {}: everybody. */
  condition?: Record<string, unknown>;
  /** Of one member; null: none. */
  limit?: LimitBody | null;
  /** How many there are altogether, taken ones included; null: no limit. */
  stock?: number | null;
  code?: CodeRulesBody;
  /** automatic, if absent. */
  fulfilment?: "automatic" | "manual";
}

export interface RuleChanges {
  name?: string;
  event_type?: string;
  /** docs/conditions.md; {}: always. */
  condition?: Record<string, unknown>;
  /** One of {"kind": "fixed", "points": 100}; {"kind": "per_amount", "field": "data.amount", "rate": "2", "step": "1"}; {"kind": "per_item", "each": "quantity | line | amount", "points": "2", "where": {…}}; {"kind": "multiplier", "factor": "2"}; {"kind": "referral", "member": 100, "referrer": 200}. */
  award?: Record<string, unknown>;
  metric?: string;
  /** Tiers and multiplying rules raise what is earned, never a bonus. earned, if absent. */
  entry_type?: "earned" | "bonus";
  /** Higher comes first. */
  priority?: number;
  /** Of the rules in one group the best wins. Empty: none. */
  exclusive_group?: string;
  /** What one member gets at most; in the project's zone. */
  caps?: Record<string, unknown>[];
  /** Points that it gives to all members together, ever; null: no limit. */
  budget?: number | null;
  /** Only events from then on. */
  starts_at?: Date | string | null;
  /** Only events before then. */
  ends_at?: Date | string | null;
  /** Weekdays and hours in the project's zone; {}: always. */
  schedule?: Record<string, unknown>;
}

export interface StampProgramChanges {
  name?: string;
  /** draft, if absent. */
  status?: "draft" | "active" | "paused" | "ended";
  /** Not before then. */
  starts_at?: Date | string | null;
  /** Not from then on. */
  ends_at?: Date | string | null;
  /** So many stamps are a reward. */
  threshold?: number;
  /** Which purchases stamp the card: docs/conditions.md; {}: every one. */
  condition?: Record<string, unknown>;
  /** Which of a purchase's lines count, by item.*: docs/conditions.md; {}: every one. */
  items?: Record<string, unknown>;
  /** One a purchase, one a piece, or one a local day; purchase, if absent. */
  stamps_per?: "purchase" | "quantity" | "day";
  /** Of the prices, and of the reward; purchases in another one don't count. Fixed once it is made. */
  currency?: string;
  reward?: StampRewardBody;
  display?: StampDisplayBody;
}

export interface WebhookEndpointChanges {
  /** https, at an address that everybody can reach; nothing else is ever asked. */
  url?: string;
  /** Whole list: points.earned, points.* for all of a kind, or * for all there are. */
  event_types?: string[];
  description?: string;
  /** disabled: nothing is sent, what waits goes on waiting. enabled: it goes on. */
  status?: "enabled" | "disabled";
}

/** A spend of points outside the catalogue, in the frame of a redemption. */
export interface PlainSpend {
  /** txn_… */
  id: string;
  type: "earned" | "bonus" | "redeemed" | "expired" | "adjusted" | "reversed" | "transferred";
  /** Signed. */
  points: number;
  /** The running total. It differs from the spendable balance while points are pending or held. */
  balance_after: number;
  reason: string | null;
  metadata: Record<string, unknown> | null;
  /** When it was recorded. */
  created_at: string;
  /** When it happened, in the environment's time. */
  occurred_at: string;
  customer_id: string | null;
  metric: string;
  /** Counts the account's entries from 1, without a gap. */
  sequence: number;
  event_id: string | null;
  /** Of a reversal: the transaction that it reverses. */
  reverses: string | null;
  /** Of a reversal: how much of the original it undoes, that is −points, the shortfall and what had expired already. */
  nominal: number | null;
  /** Of a credit that the metric's maximum cut: what was asked for. */
  requested: number | null;
  /** Of a reversal under `clip`: what was no longer there; points given back later pay it. */
  shortfall: number | null;
  /** Of a transfer: its other side. */
  counterpart: Counterpart | null;
  /** Of a capture: its hold. */
  hold_id: string | null;
  /** null to a member token, and only there. */
  actor: Actor | null;
  /** null to a member token, and only there. */
  trace_id: string | null;
  reward_id: string | null;
  code: string | null;
  discount_amount: string | null;
}

export interface PlanLimit {
  limit: "projects" | "programs" | "members" | "webhook_endpoints" | "events_per_month" | "history_days" | "requests_per_minute";
  /** null: it is not used up. */
  used: number | null;
  /** null: unlimited. */
  allowed: number | null;
}

export interface Plan {
  name: string;
  limits: PlanLimit[];
  features: ("challenges" | "stamps" | "webhooks" | "cross_project" | "approvals")[];
  /** When the month of the events begins anew, in the project's zone. */
  resets_at: string;
}

export interface PointsAnalytics {
  /** Days are those of the project's zone. */
  time_zone: string;
  /** The first day. */
  from: string;
  /** The last day. */
  to: string;
  /** The environment's time at which it was counted; what is due by then is in, also where no job has run. */
  as_of: string;
  program: string;
  metric: string;
  /** What one is worth, as the metric says now. */
  unit_value: string | null;
  unit_currency: string | null;
  totals: PointsTotals;
  data: PointsDay[];
}

/** opening + issued − redeemed − expired + reversed + adjusted + transferred = closing. */
export interface PointsDay {
  /** Earned and bonus. */
  issued: number;
  /** What was spent, above zero. */
  redeemed: number;
  /** Above zero. */
  expired: number;
  /** All that reversals changed, signed. */
  reversed: number;
  /** Signed. */
  adjusted: number;
  /** Signed; 0, but where a transfer is still on its way through a merge. */
  transferred: number;
  day: string;
  /** The sum of all customers' totals at the day's end. */
  outstanding: number;
  /** In `unit_currency`, rounded half up to its minor unit; null where the metric says no worth. */
  outstanding_value: string | null;
}

/** opening + issued − redeemed − expired + reversed + adjusted + transferred = closing. */
export interface PointsTotals {
  /** Earned and bonus. */
  issued: number;
  /** What was spent, above zero. */
  redeemed: number;
  /** Above zero. */
  expired: number;
  /** All that reversals changed, signed. */
  reversed: number;
  /** Signed. */
  adjusted: number;
  /** Signed; 0, but where a transfer is still on its way through a merge. */
  transferred: number;
  /** Outstanding before the first day. */
  opening: number;
  /** Of `reversed`: what was taken back of issued points. */
  reversed_issued: number;
  /** Of `reversed`: what was given back of redeemed points. */
  reversed_redeemed: number;
  /** Of `reversed`: of adjustments. */
  reversed_adjusted: number;
  /** Outstanding at the end of the last day. */
  closing: number;
  /** In `unit_currency`, rounded half up to its minor unit; null where the metric says no worth. */
  closing_value: string | null;
  /** Issued, less what was taken back of it. */
  net_issued: number;
  /** Redeemed, less what was given back of it. */
  net_redeemed: number;
  /** Net redeemed of net issued, 1 is all; null where none was. */
  redemption_rate: number | null;
  /** Expired of net issued, likewise. */
  breakage_rate: number | null;
  /** Different customers with an entry of this metric in the period. */
  active_members: number;
}

export interface ProgramBody {
  name: string;
  status?: "draft" | "active" | "paused" | "ended";
  starts_at?: Date | string | null;
  ends_at?: Date | string | null;
  retention_days?: number | null;
  /** An adjustment of more points needs a second person; null: none does. */
  adjustment_limit?: number | null;
  /** Chosen, or made for you. */
  id?: string;
  code: string;
}

export interface Program {
  id: string;
  code: string;
  name: string;
  status: "draft" | "active" | "paused" | "ended";
  starts_at: string | null;
  ends_at: string | null;
  retention_days: number | null;
  adjustment_limit: number | null;
  created_at: string;
}

export interface ProgramShareBody {
  /** A program of yours: code or id. */
  program: string;
  /** The other project of your organization: its name or id. */
  project: string;
  /** Why; both projects read it. */
  reason: string;
}

export interface ProgramShare {
  id: string;
  /** given: a program of yours. received: one that you may name. */
  direction: "given" | "received";
  /** prg_…; how calls name it. */
  program: string;
  /** The program's. */
  name: string;
  /** The other side's name. */
  project: string;
  reason: string;
  created_at: string;
  revoked_at: string | null;
}

/** What one rule of the event's type made of it, in words; `explain` has the figures. */
export interface Reason {
  /** Its name; null: it is said of the event as a whole. */
  rule: string | null;
  outcome: string;
  reason: string;
  /** lp_…; only where it is said of that stamp card. */
  stamp_program?: string;
  /** Only where it is said of one of its missions, or of it. */
  challenge?: string;
  mission?: string | null;
}

/** Why a redemption would be refused: the code of that error, and the data that it would carry. */
export interface ReasonNot {
  code: string;
  detail: string;
  /** Of `reward_not_available`. */
  reason?: string;
  available_from?: string;
  available_until?: string;
  /** Of `not_eligible`: the part of the condition that decided. */
  failed?: Record<string, unknown>;
  /** Of `member_limit_reached`. */
  limit?: number;
  per?: "day" | "week" | "month" | "ever";
  used?: number;
  resets_at?: string | null;
  /** Of `insufficient_balance`. */
  balance?: number;
  required?: number;
  /** Of `maximum_reached`: so many more may be given. */
  room?: number;
}

export interface RecordedEvent {
  event: Event;
  effects: Effect[];
  /** Why it earned what it did, or nothing: a sentence for each rule. */
  reasons: Reason[];
  duplicate: boolean;
}

export interface RedeemBody {
  /** The customer, by your own id. */
  customer_id?: string;
  /** The same as customer_id. */
  member_id?: string;
  /** With a reward of a fixed cost it may be left out; else it must be the cost itself. */
  points?: number;
  reward_id?: string;
  reason?: string;
  metadata?: Record<string, unknown>;
  /** points, if absent. */
  metric?: string;
  /** Code or id; any program, if absent. By its id also one that another project shares with yours. */
  program?: string;
}

export type RedemptionOrSpend = Redemption | PlainSpend;

export interface Redemption {
  /** red_… */
  id: string;
  /** null once that customer is erased. */
  customer_id: string | null;
  /** The same. */
  member_id: string | null;
  reward_id: string;
  /** As the reward was called then. */
  name: string;
  kind: "discount" | "free_product" | "content_access" | "early_access" | "tier_upgrade" | "cashback" | "metric" | "inventory_item" | "custom";
  status: "pending" | "fulfilled" | "cancelled" | "failed";
  /** What it cost. */
  points: number;
  /** What it was paid in. */
  metric: string;
  /** In the answer of redeeming: what the customer can still spend. */
  points_balance?: number;
  code: string | null;
  code_status: "issued" | "used" | "expired" | "void" | null;
  code_expires_at: string | null;
  used_at: string | null;
  used_place: string | null;
  /** In major units of `currency`: 1000 is ₦1,000, 2.5 is £2.50. */
  discount_amount: number | null;
  discount_percent: number | null;
  currency: string | null;
  gives: Gives | null;
  /** txn_…, the transaction that paid for it; null where it cost nothing. */
  transaction_id: string | null;
  reason: string | null;
  metadata: Record<string, unknown> | null;
  /** When it was recorded. */
  created_at: string;
  /** When it was redeemed, in the environment's time. */
  occurred_at: string;
  fulfilled_at: string | null;
  /** When it was cancelled, or failed. */
  closed_at: string | null;
  /** Said when it was fulfilled; null to a member token. */
  note: string | null;
  /** Why it was cancelled, or has failed; its member may read it. */
  closed_reason: string | null;
}

export interface ReferralBody {
  /** Of whoever referred them; in capitals or not. */
  code: string;
}

export interface Referral {
  member_id: string;
  /** Their own, to be given to others; null: never asked for. */
  code: string | null;
  /** Through whom they came. */
  referral: OwnReferral | null;
  /** How many came through them. */
  referred: Referred;
}

export interface Referred {
  pending: number;
  awarded: number;
}

export interface Refund {
  /** Its event_id. */
  purchase: string;
  gross: string | null;
  /** What is left of it after all refunds so far. */
  net: string | null;
  /** The purchase's data are gone: what is taken back goes by money alone. */
  in_proportion: boolean;
  sides: RefundSide[];
}

/** One account's part of a refund, in points. */
export interface RefundSide {
  /** Whose account: the customer's, or of who had referred them. */
  recipient: "member" | "referrer";
  metric: string;
  /** By the purchase. */
  earned: number;
  /** What is left of the purchase would earn. */
  recomputed: number;
  /** To be taken back by all refunds so far. */
  target: number;
  /** Taken back by refunds before this one. */
  before: number;
  /** Taken back by reversals of transactions. */
  by_hand: number;
  /** Taken back by this one; below zero: given again. */
  reversed: number;
}

export interface Reversal {
  /** txn_… */
  id: string;
  type: "earned" | "bonus" | "redeemed" | "expired" | "adjusted" | "reversed" | "transferred";
  /** Signed. */
  points: number;
  /** The running total. It differs from the spendable balance while points are pending or held. */
  balance_after: number;
  reason: string | null;
  metadata: Record<string, unknown> | null;
  /** When it was recorded. */
  created_at: string;
  /** When it happened, in the environment's time. */
  occurred_at: string;
  customer_id: string | null;
  metric: string;
  /** Counts the account's entries from 1, without a gap. */
  sequence: number;
  event_id: string | null;
  /** Of a reversal: the transaction that it reverses. */
  reverses: string | null;
  /** Of a reversal: how much of the original it undoes, that is −points, the shortfall and what had expired already. */
  nominal: number | null;
  /** Of a credit that the metric's maximum cut: what was asked for. */
  requested: number | null;
  /** Of a reversal under `clip`: what was no longer there; points given back later pay it. */
  shortfall: number | null;
  /** Of a transfer: its other side. */
  counterpart: Counterpart | null;
  /** Of a capture: its hold. */
  hold_id: string | null;
  /** null to a member token, and only there. */
  actor: Actor | null;
  /** null to a member token, and only there. */
  trace_id: string | null;
  /** What it took, lot by lot. */
  taken: LotPiece[];
  /** What it gave back, to the same lots with their own dates. */
  given_back: LotPiece[];
  /** Of a reversed credit: what had expired; not taken twice. */
  already_expired: number;
  /** What it took below zero. */
  debt: number;
  /** How much of the original can still be reversed. */
  reversible: number;
  /** Further transactions of this call, such as what expired at once. */
  caused: Transaction[];
  /** What can be spent now. */
  points_balance: number;
}

export interface ReverseBody {
  /** Everything that is left, if absent. */
  points?: number;
  /** Why; shown in the history. */
  reason: string;
}

export interface Revision {
  /** rev_… */
  id: string;
  number: number;
  /** In force from then until the next one is. */
  effective_from: string;
  published_at: string;
  published_by: string;
  /** null: archived. */
  definition: Definition | null;
}

export interface RewardAnalytics {
  /** Inclusive. */
  from: string;
  /** Exclusive. */
  to: string;
  /** Days are those of the project's zone. */
  time_zone: string;
  /** The environment's time at which it was counted; what is due by then is in, also where no job has run. */
  as_of: string;
  /** The most redeemed first. */
  data: RewardRow[];
}

export interface RewardBody {
  /** What it is paid in; fixed once it is made. */
  metric?: string;
  kind: "discount" | "free_product" | "content_access" | "early_access" | "tier_upgrade" | "cashback" | "metric" | "inventory_item" | "custom";
  name: string;
  description?: string;
  /** JPEG, PNG, WebP or GIF, as a data URL. */
  image?: string | null;
  /** draft, if absent. */
  status?: "draft" | "active" | "paused" | "archived";
  cost: CostBody;
  /** In major units of `currency`: 1000 is ₦1,000, 2.5 is £2.50. */
  discount_amount?: number | string | null;
  /** Above 0, to 100. */
  discount_percent?: number | string | null;
  currency?: string | null;
  gives?: GivesBody | null;
  /** Not before then. */
  starts_at?: Date | string | null;
  /** Not from then on. */
  ends_at?: Date | string | null;
  /** Who may have it: docs/conditions.md; {}: everybody. */
  condition?: Record<string, unknown>;
  /** Of one member; null: none. */
  limit?: LimitBody | null;
  /** How many there are altogether, taken ones included; null: no limit. */
  stock?: number | null;
  code?: CodeRulesBody;
  /** automatic, if absent. */
  fulfilment?: "automatic" | "manual";
  /** Chosen, such as rwd_summer, or made for you. */
  id?: string;
  /** Code or id; default, if absent. */
  program?: string;
}

export interface RewardDay {
  day: string;
  redemptions: number;
  /** What was paid, less what cancellations gave back. */
  points: number;
}

export type RewardOrOffer = Reward | Offer;

/** Of the redemptions of the period, as they stand now. */
export interface RewardRow {
  reward_id: string;
  name: string;
  kind: "discount" | "free_product" | "content_access" | "early_access" | "tier_upgrade" | "cashback" | "metric" | "inventory_item" | "custom";
  redemptions: number;
  /** Different customers. */
  members: number;
  /** What was paid, less what cancellations gave back. */
  points: number;
  /** Of all redemptions of the period, 0 to 1. */
  share: number;
  pending: number;
  fulfilled: number;
  cancelled: number;
  failed: number;
  codes_issued: number;
  codes_used: number;
  codes_expired: number;
  /** Of the issued codes, 0 to 1. */
  use_rate: number | null;
  /** From issue to use; null where none was used. */
  time_to_use: TimeToUse;
  program: string;
  /** What it is paid in. */
  metric: string;
  /** What `points` are worth, as the metric says; null where it says no worth. */
  points_value: string | null;
  /** Those on which it was redeemed. */
  days: RewardDay[];
}

export interface Reward {
  /** rwd_…, or as chosen. */
  id: string;
  program: string;
  /** What it is paid in. */
  metric: string;
  kind: "discount" | "free_product" | "content_access" | "early_access" | "tier_upgrade" | "cashback" | "metric" | "inventory_item" | "custom";
  name: string;
  description: string;
  image_url: string | null;
  status: "draft" | "active" | "paused" | "archived";
  cost: Cost;
  /** In major units of `currency`: 1000 is ₦1,000, 2.5 is £2.50. */
  discount_amount: number | null;
  discount_percent: number | null;
  currency: string | null;
  gives: Gives | null;
  starts_at: string | null;
  ends_at: string | null;
  /** Who may have it; {}: everybody. */
  condition: Record<string, unknown>;
  limit: Limit | null;
  /** How many there are altogether; null: no limit. */
  stock: number | null;
  stock_left: number | null;
  /** Since it has had a limit. */
  taken: number;
  code: CodeRules;
  fulfilment: "automatic" | "manual";
  created_at: string;
}

export interface RewardsOfCard {
  /** Waiting to be paid. */
  issued: number;
  paid: number;
  revoked: number;
}

export interface RollBackBody {
  /** Its number. */
  revision: number;
}

export interface RuleBody {
  name: string;
  event_type: string;
  /** docs/conditions.md; {}: always. */
  condition?: Record<string, unknown>;
  /** One of {"kind": "fixed", "points": 100}; {"kind": "per_amount", "field": "data.amount", "rate": "2", "step": "1"}; {"kind": "per_item", "each": "quantity | line | amount", "points": "2", "where": {…}}; {"kind": "multiplier", "factor": "2"}; {"kind": "referral", "member": 100, "referrer": 200}. */
  award: Record<string, unknown>;
  metric?: string;
  /** Tiers and multiplying rules raise what is earned, never a bonus. earned, if absent. */
  entry_type?: "earned" | "bonus";
  /** Higher comes first. */
  priority?: number;
  /** Of the rules in one group the best wins. Empty: none. */
  exclusive_group?: string;
  /** What one member gets at most; in the project's zone. */
  caps?: Record<string, unknown>[];
  /** Points that it gives to all members together, ever; null: no limit. */
  budget?: number | null;
  /** Only events from then on. */
  starts_at?: Date | string | null;
  /** Only events before then. */
  ends_at?: Date | string | null;
  /** Weekdays and hours in the project's zone; {}: always. */
  schedule?: Record<string, unknown>;
  /** Chosen, or made for you. */
  id?: string;
  /** Code or id; default, if absent. */
  program?: string;
}

/** What became of one card by an event. */
export interface StampChange {
  /** sc_… */
  stamp_collection: string;
  /** lp_… */
  stamp_program: string;
  /** Stamps put on the card. */
  collected: number;
  /** Of the stamps those that took the place of refunded ones, which the card owed to paid rewards. */
  replaced: number;
  /** Stamps taken back. */
  returned: number;
  /** Stamps on the running card, after it. */
  counter: number;
  /** Stamps that it owes to paid rewards, after it. */
  owed: number;
  /** What it filled. */
  issued: StampRewardOfEvent[];
  /** Not yet paid rewards that lost a stamp. */
  revoked: StampRewardOfEvent[];
  /** Paid rewards that lost a stamp: they stand, and the card owes it. */
  standing: StampRewardOfEvent[];
}

export interface StampCollectionBody {
  /** The customer, by your own id. */
  customer_id?: string;
  /** The same as customer_id. */
  member_id?: string;
  /** lp_… */
  stamp_program: string;
}

export interface StampCollection {
  /** sc_… */
  id: string;
  /** lp_… */
  stamp_program: string;
  /** Of the stamp program. */
  name: string;
  customer_id: string | null;
  /** The same. */
  member_id: string | null;
  /** On the card that is running. */
  stamps: number;
  /** So many stamps fill it: the lowest that the stamp program has had since it began. */
  threshold: number;
  /** Stamps that refunds took back from paid rewards: the next ones fill these first. */
  owed: number;
  /** What full cards gave, by what has become of it. */
  rewards: RewardsOfCard;
  /** When the customer joined. */
  created_at: string;
}

export interface StampDay {
  day: string;
  /** Cards that customers got. */
  joined: number;
  /** Put on cards, also where they were taken back later. */
  stamps: number;
  /** Taken back. */
  returned: number;
  /** Rewards that full cards gave, whatever became of them. */
  issued: number;
  paid: number;
}

/** What the card says, and shows. */
export interface StampDisplay {
  title: string;
  image: string | null;
  logo: string | null;
  summary: string;
  description: string;
  terms: string;
  /** The reward in words: 1 Free Coffee. */
  reward: string;
}

export interface StampDisplayBody {
  /** The headline on the card. */
  title: string;
  /** An https address, or JPEG, PNG, WebP or GIF as a data URL, which is kept here. */
  image?: string | null;
  /** Likewise. */
  logo?: string | null;
  summary?: string;
  description?: string;
  terms?: string;
  /** The reward in words: 1 Free Coffee. */
  reward?: string;
}

export interface StampPaymentBody {
  /** Such as the payment's number; its member may read it. */
  reference?: string;
}

export interface StampProgramBody {
  name: string;
  /** draft, if absent. */
  status?: "draft" | "active" | "paused" | "ended";
  /** Not before then. */
  starts_at?: Date | string | null;
  /** Not from then on. */
  ends_at?: Date | string | null;
  /** So many stamps are a reward. */
  threshold: number;
  /** Which purchases stamp the card: docs/conditions.md; {}: every one. */
  condition?: Record<string, unknown>;
  /** Which of a purchase's lines count, by item.*: docs/conditions.md; {}: every one. */
  items?: Record<string, unknown>;
  /** One a purchase, one a piece, or one a local day; purchase, if absent. */
  stamps_per?: "purchase" | "quantity" | "day";
  /** Of the prices, and of the reward; purchases in another one don't count. It stays. */
  currency: string;
  reward: StampRewardBody;
  display: StampDisplayBody;
  /** Chosen, such as lp_coffee, or made for you. */
  id?: string;
  /** Code or id; default, if absent. */
  program?: string;
}

export interface StampProgram {
  /** lp_…, or as chosen. */
  id: string;
  program: string;
  name: string;
  status: "draft" | "active" | "paused" | "ended";
  starts_at: string | null;
  ends_at: string | null;
  /** So many stamps are a reward. */
  threshold: number;
  /** Which purchases stamp the card; {}: every one. null to a member token. */
  condition: Record<string, unknown> | null;
  /** Which of a purchase's lines count, by item.*; {}: every one. null to a member token. */
  items: Record<string, unknown> | null;
  /** One a purchase, one a piece, or one a local day. */
  stamps_per: "purchase" | "quantity" | "day";
  /** Purchases in another one don't stamp the card. */
  currency: string;
  reward: StampRewardRules;
  display: StampDisplay;
  created_at: string;
  updated_at: string;
}

export interface StampRewardBody {
  /** refund: the lowest price on the full card. fixed-reward: `amount`. */
  type: "refund" | "fixed-reward";
  /** Of fixed-reward. In the currency's smallest unit: 500 is £5.00, or ¥500. */
  amount?: number;
}

export interface StampRewardOfEvent {
  /** sr_… */
  id: string;
  type: "refund" | "fixed-reward";
  /** In the currency's smallest unit: 500 is £5.00, or ¥500. */
  amount: number;
  currency: string;
}

/** `refund`: the lowest price on the full card is paid back. `fixed-reward`: `amount` is paid. */
export interface StampRewardRules {
  type: "refund" | "fixed-reward";
  /** Of fixed-reward. In the currency's smallest unit: 500 is £5.00, or ¥500. */
  amount?: number;
}

export interface StampReward {
  /** sr_… */
  id: string;
  /** sc_… */
  stamp_collection: string;
  /** lp_… */
  stamp_program: string;
  /** null once that customer is erased. */
  customer_id: string | null;
  /** The same. */
  member_id: string | null;
  type: "refund" | "fixed-reward";
  /** In the currency's smallest unit: 500 is £5.00, or ¥500. */
  amount: number;
  currency: string;
  /** issued: waiting to be paid. */
  status: "issued" | "paid" | "revoked";
  /** The purchase that filled the card, by your own id; null where a lower threshold or a merge did. */
  event_id: string | null;
  /** Said when it was paid; its member may read it. */
  reference: string | null;
  /** When it was issued, in the environment's time. */
  created_at: string;
  paid_at: string | null;
  revoked_at: string | null;
}

export interface StampRewardWithStamps {
  /** sr_… */
  id: string;
  /** sc_… */
  stamp_collection: string;
  /** lp_… */
  stamp_program: string;
  /** null once that customer is erased. */
  customer_id: string | null;
  /** The same. */
  member_id: string | null;
  type: "refund" | "fixed-reward";
  /** In the currency's smallest unit: 500 is £5.00, or ¥500. */
  amount: number;
  currency: string;
  /** issued: waiting to be paid. */
  status: "issued" | "paid" | "revoked";
  /** The purchase that filled the card, by your own id; null where a lower threshold or a merge did. */
  event_id: string | null;
  /** Said when it was paid; its member may read it. */
  reference: string | null;
  /** When it was issued, in the environment's time. */
  created_at: string;
  paid_at: string | null;
  revoked_at: string | null;
  /** Those in it now, oldest first; of a revoked one those that it was issued for. */
  stamps: Stamp[];
}

/** How far the members of one stamp program are, right now. */
export interface StampRow {
  /** lp_… */
  stamp_program: string;
  name: string;
  status: "draft" | "active" | "paused" | "ended";
  threshold: number;
  currency: string;
  /** Members with a card. */
  enrolled: number;
  /** So many members stand at so many stamps. */
  steps: StampStep[];
  /** Rewards issued, whatever has become of them. */
  issued: number;
  paid: number;
  revoked: number;
  /** The sum of what waits to be paid. In the currency's smallest unit: 500 is £5.00, or ¥500. */
  to_pay: number;
  /** The sum of what was paid, likewise. */
  paid_amount: number;
  /** Of the cards, those that were full at least once, 0 to 1; null without a card. */
  completion_rate: number | null;
  /** Those of the period on which anything happened. */
  days: StampDay[];
}

export interface Stamp {
  /** The purchase, by your own id. */
  event_id: string | null;
  /** The purchase's line, from 1; null: the whole purchase. */
  line: number | null;
  /** As a decimal, in major units. */
  unit_price: string | null;
  collected_at: string;
}

export interface StampStep {
  stamps: number;
  members: number;
}

/** What one card made of a purchase. */
export interface StampVerdict {
  /** sc_… */
  stamp_collection: string;
  /** lp_… */
  stamp_program: string;
  /** The stamp program's, as it was then. */
  name: string;
  outcome: "stamped" | "not_in_force" | "other_currency" | "condition_failed" | "no_line_matches" | "nothing_bought" | "no_price" | "stamped_that_day";
  reason: string;
  /** Of condition_failed: the part that decided. */
  failed: Record<string, unknown> | null;
  stamps: number;
}

export interface Step {
  stage: "base" | "multiplier" | "rounding" | "cap" | "budget" | "maximum";
  words: string;
  /** After this step, exact. */
  points: string;
}

export interface TierAnalytics {
  /** Days are those of the project's zone. */
  time_zone: string;
  /** The first day. */
  from: string;
  /** The last day. */
  to: string;
  /** The environment's time at which it was counted; what is due by then is in, also where no job has run. */
  as_of: string;
  /** Of each program that has tiers in force. */
  data: TierFigures[];
}

export interface TierChange {
  program: string | null;
  from: string | null;
  to: string | null;
  change: "reached" | "confirmed" | "grace" | "lowered" | "merged" | "granted" | "revoked";
  /** What decided. */
  progress: string;
  occurred_at: string;
}

export interface TierDay {
  day: string;
  up: number;
  down: number;
}

export interface TierFigures {
  program: string;
  /** How often customers rose in the period. */
  up: number;
  down: number;
  /** The lowest first. */
  levels: TierLevelFigures[];
  days: TierDay[];
}

export interface TierLevelFigures {
  /** Its code; null: no tier. */
  tier: string | null;
  title: string | null;
  /** Who held it at the end of the last day. */
  members: number;
  /** Who holds it now. */
  members_now: number;
}

export interface TierStatus {
  program: string;
  /** The level's code; null below the first level. */
  tier: string | null;
  title: string | null;
  /** Reached, confirmed or lowered to. */
  since: string | null;
  /** The midnight at which it is decided anew. */
  valid_until: string | null;
  /** No longer reached: the days of grace are running. */
  in_grace: boolean;
  /** Points, money or events that count now, as a decimal. */
  progress: string;
  /** null at the highest level. */
  next: NextTier | null;
}

export interface TimeToUse {
  median_seconds: number | null;
  /** Nine of ten were used within. */
  p90_seconds: number | null;
}

export interface TokenBody {
  /** Seconds; 3600, if absent. */
  expires_in?: number;
}

export interface Token {
  /** A JWT: the member's app sends it as `Authorization: Bearer …`. */
  token: string;
  member_id: string;
  /** The key that signed it; revoking that ends the token. */
  kid: string;
  expires_at: string;
}

export interface Transaction {
  /** txn_… */
  id: string;
  type: "earned" | "bonus" | "redeemed" | "expired" | "adjusted" | "reversed" | "transferred";
  /** Signed. */
  points: number;
  /** The running total. It differs from the spendable balance while points are pending or held. */
  balance_after: number;
  reason: string | null;
  metadata: Record<string, unknown> | null;
  /** When it was recorded. */
  created_at: string;
  /** When it happened, in the environment's time. */
  occurred_at: string;
  customer_id: string | null;
  metric: string;
  /** Counts the account's entries from 1, without a gap. */
  sequence: number;
  event_id: string | null;
  /** Of a reversal: the transaction that it reverses. */
  reverses: string | null;
  /** Of a reversal: how much of the original it undoes, that is −points, the shortfall and what had expired already. */
  nominal: number | null;
  /** Of a credit that the metric's maximum cut: what was asked for. */
  requested: number | null;
  /** Of a reversal under `clip`: what was no longer there; points given back later pay it. */
  shortfall: number | null;
  /** Of a transfer: its other side. */
  counterpart: Counterpart | null;
  /** Of a capture: its hold. */
  hold_id: string | null;
  /** null to a member token, and only there. */
  actor: Actor | null;
  /** null to a member token, and only there. */
  trace_id: string | null;
}

export interface TransactionWithLots {
  /** txn_… */
  id: string;
  type: "earned" | "bonus" | "redeemed" | "expired" | "adjusted" | "reversed" | "transferred";
  /** Signed. */
  points: number;
  /** The running total. It differs from the spendable balance while points are pending or held. */
  balance_after: number;
  reason: string | null;
  metadata: Record<string, unknown> | null;
  /** When it was recorded. */
  created_at: string;
  /** When it happened, in the environment's time. */
  occurred_at: string;
  customer_id: string | null;
  metric: string;
  /** Counts the account's entries from 1, without a gap. */
  sequence: number;
  event_id: string | null;
  /** Of a reversal: the transaction that it reverses. */
  reverses: string | null;
  /** Of a reversal: how much of the original it undoes, that is −points, the shortfall and what had expired already. */
  nominal: number | null;
  /** Of a credit that the metric's maximum cut: what was asked for. */
  requested: number | null;
  /** Of a reversal under `clip`: what was no longer there; points given back later pay it. */
  shortfall: number | null;
  /** Of a transfer: its other side. */
  counterpart: Counterpart | null;
  /** Of a capture: its hold. */
  hold_id: string | null;
  /** null to a member token, and only there. */
  actor: Actor | null;
  /** null to a member token, and only there. */
  trace_id: string | null;
  /** Of a credit: its points now. Empty in a dry run. */
  lots: LotLeft[];
}

/** Each side is named once, by either of its two names. */
export interface TransferBody {
  /** Who gives, by your own id. */
  from_customer_id?: string;
  /** The same as from_customer_id. */
  from_member_id?: string;
  /** Who receives, by your own id. */
  to_customer_id?: string;
  /** The same as to_customer_id. */
  to_member_id?: string;
  points: number;
  /** Shown in both histories. */
  reason?: string;
  /** Kept with both transactions. */
  metadata?: Record<string, unknown>;
  /** points, if absent. */
  metric?: string;
}

export interface Transfer {
  sent: Transaction;
  received: Transaction;
}

export interface UseBody {
  /** As it is shown, or typed: one in capitals in any case, with or without spaces. */
  code: string;
  /** Which till; whoever comes later is told. */
  place?: string;
}

export interface ValidateBody {
  /** As it is shown, or typed: one in capitals in any case, with or without spaces. */
  code: string;
}

/** What one rule made of the event. */
export interface Verdict {
  rule_id: string | null;
  /** null: a draft, in a dry run. */
  rule_revision: string | null;
  /** Its number; 0 of a draft. */
  revision: number;
  name: string;
  metric: string;
  type: string;
  /** Its exclusive group. */
  group: string | null;
  /** In force, in time, and its condition met; it may yet have given nothing. */
  matched: boolean;
  outcome: string;
  reason: string;
  /** The part of the condition that was not met. */
  failed: Failed | null;
  /** Of a multiplier: what it added. */
  points: number;
  /** What the referrer got. */
  referrer_points?: number;
  /** The arithmetic, in its order. */
  steps: Step[];
}

/** One try to send it. */
export interface WebhookAttempt {
  at: string;
  /** The receiver's HTTP status, if it answered. */
  status: number | null;
  latency_ms: number | null;
  error: string;
}

export interface WebhookDelivery {
  id: string;
  endpoint_id: string;
  /** Of the event, in the header webhook-id and in GET /v1/audit-events; the same each time it is sent. */
  audit_event_id: string;
  type: string;
  /** Your own id of the member; null of an erased one, and of what is of no member. */
  member_id: string | null;
  /** Counts this member's events, from 1. */
  sequence: number | null;
  status: "pending" | "delivered" | "failed";
  attempts: number;
  next_attempt_at: string | null;
  give_up_at: string | null;
  delivered_at: string | null;
  /** Of the last attempt, likewise what follows. */
  response_status: number | null;
  latency_ms: number | null;
  /** The first 1,024 bytes of the answer. */
  response: string;
  error: string;
  /** Every attempt, oldest first. */
  history: WebhookAttempt[];
  created_at: string;
}

export interface WebhookEndpointBody {
  /** https, at an address that everybody can reach; nothing else is ever asked. */
  url: string;
  /** points.earned, points.* for all of a kind, or * for all there are. */
  event_types: string[];
  description?: string;
}

export interface WebhookEndpoint {
  id: string;
  url: string;
  description: string;
  /** points.earned, points.* for all of a kind, or * for all there are. */
  event_types: string[];
  status: "enabled" | "disabled" | "archived";
  disabled_at: string | null;
  /** Why; empty while it is enabled. */
  disabled_reason: string;
  /** Since when nothing has arrived there. */
  failing_since: string | null;
  last_success_at: string | null;
  /** Until then the secret before a rotation signs too. */
  previous_secret_until: string | null;
  created_at: string;
}
