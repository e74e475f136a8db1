// One error for each code of the engine. Made by sdk/generate.py.
import { LoyaltyError } from "./errors.js";

/** 400. A field, a query name, a header or the body itself is missing or wrong. `errors` names each faulty field and what it takes; correct them and send the request again. */
export class InvalidRequestError extends LoyaltyError {}

/** 401. The secret key or member token is missing, malformed, unknown, revoked or expired; of a token `detail` says what is wrong with it. Send `Authorization: Bearer sk_…` with a valid key (owners make keys in the console under API keys), or a member token that a registered key signed. */
export class AuthenticationFailedError extends LoyaltyError {}

/** 403. The key is valid, but lacks the scope that this call needs; `scope` names it. Or a member token asks for what members may not, or for somebody else's; or a web page's origin is not listed. Make a key with that scope in the console; a key's scopes stay as they are. What a member token may not do, do from your server. List the origin in the console, under Member app. */
export class PermissionDeniedError extends LoyaltyError {}

/** 403. The organization's plan does not hold the `feature`. Nothing was changed; what was made before is kept. Ask for a plan that holds it. `GET /v1/plan` and the console's page Plan list what yours holds. */
export class FeatureNotInPlanError extends LoyaltyError {}

/** 403. The plan allows `allowed` of `limit`, and `used` are used. Nothing was written. Ask for a larger plan, or free some. `GET /v1/plan` and the console's page Plan show each limit. */
export class PlanLimitExceededError extends LoyaltyError {}

/** 404. There is nothing of that name in the key's environment. What belongs to another one does not exist here. Check the id, and that the key is of the right environment: sandbox and live share nothing. */
export class NotFoundError extends LoyaltyError {}

/** 404. The named program does not exist in the key's environment. Use the code or the `prg_` id of a program that `GET /v1/programs` lists, or leave `program` out. */
export class ProgramNotFoundError extends LoyaltyError {}

/** 404. The refund names a purchase that this member has not made in the key's environment. Give the `event_id` of the purchase as `data.purchase`; report the purchase before its refund. */
export class PurchaseNotFoundError extends LoyaltyError {}

/** 405. The address exists, but not with this method. The `Allow` header lists the methods of this address. */
export class MethodNotAllowedError extends LoyaltyError {}

/** 406. The `Accept` header excludes `application/json`. Send `Accept: application/json`, or leave the header out. */
export class NotAcceptableError extends LoyaltyError {}

/** 409. Less can be spent than was asked for: `balance` is there, `required` was asked. Nothing was taken. Read the balance first, and spend at most that. Points that are pending or held can't be spent. */
export class InsufficientBalanceError extends LoyaltyError {}

/** 409. A transaction of type `reversed`, `expired` or `transferred`, or of an erased customer, can't be reversed. Reverse the transaction that gave or took the points, or adjust the balance by hand. */
export class NotReversibleError extends LoyaltyError {}

/** 409. The transaction belongs to a hold or a redemption, which must not disagree with the ledger. Cancel that: `POST /v1/redemptions/{redemption_id}/cancel`, or `POST /v1/holds/{hold_id}/cancel`, which gives a captured hold's points back, whole or in parts. */
export class UseCancelError extends LoyaltyError {}

/** 409. More is asked for than is left to reverse: `reversible` is left. Nothing was changed. Ask for at most `reversible`, or leave `points` out to reverse whatever is left. */
export class AlreadyReversedError extends LoyaltyError {}

/** 409. The hold was captured or released, or has expired: `hold_status` says which. Make a new hold. A captured one is undone by `POST /v1/holds/{hold_id}/cancel`. */
export class HoldNotOpenError extends LoyaltyError {}

/** 409. The metric's `maximum` leaves no room beside the account's `total`. Nothing was changed. Let points be spent first, transfer less, or raise the metric's maximum. */
export class MaximumReachedError extends LoyaltyError {}

/** 409. One person may not adjust so many points here (`limit`), alone or with what the same key or person adjusted for this customer within 24 hours (`adjusted`). Nothing was changed. Open the customer in the console and adjust there: the page asks for approval, and another person approves it. Or adjust by less. */
export class ApprovalRequiredError extends LoyaltyError {}

/** 409. The adjustment that waited for a second person was approved, rejected or withdrawn already: `request_status` says which. The console alone tells this. Look at the request; ask for a new one if it is still needed. */
export class ApprovalClosedError extends LoyaltyError {}

/** 409. The reward or its program is paused, a draft, or outside its window: `reason` says which, `available_from` or `available_until` when. Nothing was taken. Offer what `GET /v1/rewards?customer_id=…` shows as `eligible`; it names the same reasons beforehand. */
export class RewardNotAvailableError extends LoyaltyError {}

/** 409. The reward's condition does not hold for this member: `failed` is the part that decided. Or the member has the tier that it gives, or a higher one. Nothing was taken. Wait until the member meets the condition; `GET /v1/rewards?customer_id=…` says what they may have now. */
export class NotEligibleError extends LoyaltyError {}

/** 409. The member has had the reward `used` times, and may have it `limit` times per `per`. Nothing was taken. Wait until `resets_at`, where there is one. A cancelled redemption no longer counts. */
export class MemberLimitReachedError extends LoyaltyError {}

/** 409. All of the reward are taken, or no uploaded code is left. Nothing was taken from the member. Raise `stock` by `PATCH /v1/rewards/{reward_id}`, or upload codes to `POST /v1/rewards/{reward_id}/codes`. */
export class OutOfStockError extends LoyaltyError {}

/** 409. The code was used before: `used_at` says when, `used_place` where. Nothing was changed. Refuse the customer, or look at the redemption: `GET /v1/redemptions?code=…`. It can't be cancelled any more. */
export class CodeAlreadyUsedError extends LoyaltyError {}

/** 409. The code was good until `expired_at`. Nothing was changed. The customer can redeem the reward again. `code.valid_days` of the reward says how long a new code is good. */
export class CodeExpiredError extends LoyaltyError {}

/** 409. The redemption was fulfilled or cancelled already, or has failed: `redemption_status` says which. Read it with `GET /v1/redemptions/{redemption_id}`. Only a pending one can be fulfilled or fail. */
export class RedemptionClosedError extends LoyaltyError {}

/** 409. An event with this `event_id` was recorded before, with other content or for another member. Give each event an id of its own. The very same event may be sent again at any time. */
export class EventIdReusedError extends LoyaltyError {}

/** 409. `occurred_at` lies before the window in which events are accepted; `earliest` says where it begins. Award points for it by `POST /v1/points/award`; in a sandbox, set the test clock back before its first data. */
export class EventTooLateError extends LoyaltyError {}

/** 409. More is given back than is left of the purchase: `refundable` is left. Nothing was changed. Refund at most `refundable`, or leave `data.amount` out to give back all that is left. */
export class RefundExceedsPurchaseError extends LoyaltyError {}

/** 409. The customer came through somebody's code before; a customer has one referrer, for good. Nothing is to be done: `GET /v1/members/{member_id}/referral` shows the referral that counts. */
export class AlreadyReferredError extends LoyaltyError {}

/** 409. The customer has a card of this stamp program: `stamp_collection` is its id. A customer has one, for good. Nothing is to be done: `GET /v1/stamp-collections/{stamp_collection_id}` shows the card. */
export class AlreadyEnrolledError extends LoyaltyError {}

/** 409. Nobody can join the stamp program now: it, or its program, is paused, has ended or has not begun. Offer those that `POST /publisher.v1/loyalty-program/list` shows: all of them can be joined. */
export class StampProgramNotAvailableError extends LoyaltyError {}

/** 409. The reward of a full card was paid already, or revoked by a refund: `reward_status` says which. Read it with `GET /v1/stamp-rewards/{stamp_reward_id}`. Only one that is issued can be paid. */
export class StampRewardClosedError extends LoyaltyError {}

/** 409. The member neither earns nor spends while frozen. Set `{"status": "active"}` by `PATCH /v1/customers/{customer_id}`, or in the console. */
export class MemberFrozenError extends LoyaltyError {}

/** 409. A request with this key, or on the same member, is still being worked on. This one changed nothing. Wait a moment and repeat the request with the same key. */
export class IdempotencyKeyInUseError extends LoyaltyError {}

/** 409. The sandbox was reset while this request was worked on. Nothing was written. Send the request again: the same key is of the new sandbox. */
export class EnvironmentArchivedError extends LoyaltyError {}

/** 413. The body is larger than 2 MiB; of `POST /v1/events/batch` and `POST /v1/rewards/{reward_id}/codes`, larger than 8 MiB. Send less at once. A single JSON object has a smaller limit, which the schema names. */
export class PayloadTooLargeError extends LoyaltyError {}

/** 415. The body is not declared as JSON. Send `Content-Type: application/json`. */
export class UnsupportedMediaTypeError extends LoyaltyError {}

/** 422. This `Idempotency-Key` was used for a different request. This one changed nothing. Use a new key for each new request; repeat a request byte for byte, or its key will not be recognised. */
export class IdempotencyKeyReusedError extends LoyaltyError {}

/** 429. More requests came in this minute than the limit in `RateLimit-Limit` allows. Wait for as many seconds as `Retry-After` says, then go on. */
export class RateLimitedError extends LoyaltyError {}

/** 500. Something went wrong on our side. Repeat a write with the same `Idempotency-Key`. If it stays, report the `request_id`, which the logs carry. */
export class InternalError extends LoyaltyError {}

/** 503. The database is away or busy. Nothing was written. Wait as many seconds as `Retry-After` says, then repeat the request; a write with the same `Idempotency-Key`. */
export class ServiceUnavailableError extends LoyaltyError {}

export const PROBLEMS: ReadonlyMap<string, typeof LoyaltyError>;
