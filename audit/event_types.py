"""Every verb that an audit event may have, which is also the type of the webhook that tells of it.

A new verb is added here with it: a test reads the sources for verbs that are not.
"""

from collections.abc import Iterable, Mapping

from audit.errors import FieldError, InvalidRequest

LARGEST_CHOICE = 100  # patterns of one endpoint

EVENT_TYPES: Mapping[str, str] = {
    # Members and their points
    "adjustment.approved": "A second person approved an adjustment.",
    "adjustment.rejected": "A second person refused an adjustment.",
    "adjustment.requested": "An adjustment above the program's limit waits for a second person.",
    "adjustment.withdrawn": "A request for an adjustment was withdrawn.",
    "event.recorded": "An event of a member was recorded.",
    "hold.authorised": "Points were put on hold.",
    "hold.captured": "Held points were redeemed.",
    "hold.expired": "A hold ended unused.",
    "hold.moved": "A hold went to the member who took over another.",
    "hold.released": "Held points were let go.",
    "import.finished": "A file of members or purchases was imported, or failed.",
    "import.started": "A file of members or purchases was begun to be imported.",
    "item.lost": "A member has less of an item.",
    "item.received": "A member has more of an item.",
    "list.export_downloaded": "The file of an exported list was downloaded.",
    "list.export_requested": "A list of the console was asked for as a file.",
    "list.exported": "A list of the console was written to a file.",
    "member.erased": "A member's personal data was erased.",
    "member.exported": "A member's data was exported.",
    "member.merged": "Two members became one.",
    "member.token_issued": "A token for a member's app was issued.",
    "member.updated": "A member's attributes, status or referrer changed.",
    "member.viewed": "Somebody opened a member's page in the console; no webhook tells of it.",
    "milestone.lost": "A member fell below a milestone again.",
    "milestone.reached": "A member reached a milestone.",
    "points.adjusted": "Points were adjusted by hand.",
    "points.bonus": "Points were given as a bonus.",
    "points.earned": "Points were earned.",
    "points.expired": "Points expired.",
    "points.redeemed": "Points were redeemed.",
    "points.reversed": "Points were given or taken back.",
    "points.transferred": "Points went from one member to another.",
    "referral.created": "A member was referred by another.",
    "referral_code.created": "A member's referral code was made.",
    "report.downloaded": "The figures of a report of the console were downloaded.",
    "tier.confirmed": "A member keeps a level.",
    "tier.grace": "A member's days of grace began.",
    "tier.granted": "A reward gave a level.",
    "tier.lowered": "A member fell to a lower level.",
    "tier.merged": "A level was taken over in a merge.",
    "tier.reached": "A member reached a level.",
    "tier.revoked": "A level went back with the reward that gave it.",
    # Calls with the wrong project's key
    "hold.call_refused": "A call of another project named one of your holds and was refused.",
    "ledgerentry.call_refused": "A call of another project named one of your transactions and was refused.",
    "program.call_refused": "A call of another project that has no share of the program was refused.",
    "redemption.call_refused": "A call of another project named one of your redemptions and was refused.",
    "stamp_collection.call_refused": "A call of another project named one of your stamp cards and was refused.",
    # Plans
    "organization.plan_changed": "The organization has another plan.",
    "plan.created": "A plan was made.",
    "plan.limit_near": "80 % of what the plan allows is used.",
    "plan.updated": "A plan changed.",
    # Rewards
    "redemption.cancelled": "A redemption was cancelled.",
    "redemption.code_resent": "The code of a redemption was shown again.",
    "redemption.created": "A reward was redeemed.",
    "redemption.failed": "A redemption failed.",
    "redemption.fulfilled": "A redeemed reward was handed over.",
    "reward.created": "A reward was made.",
    "reward.stock_changed": "The stock of a reward changed.",
    "reward.updated": "A reward changed.",
    "rewardcode.used": "A code was used.",
    "rewardcodes.downloaded": "A reward's codes were downloaded.",
    "rewardcodes.removed": "Unused codes of a reward were removed.",
    "rewardcodes.uploaded": "Codes of a reward were uploaded.",
    # Stamps and challenges
    "challenge.completed": "A member completed a challenge.",
    "challenge.created": "A challenge was made.",
    "challenge.missions_changed": "The missions of a challenge changed.",
    "challenge.revoked": "A completed challenge was taken back.",
    "challenge.rewards_changed": "The rewards of a challenge changed.",
    "challenge.updated": "A challenge changed.",
    "mission.completed": "A member completed a mission.",
    "mission.revoked": "A completed mission was taken back.",
    "stamp.collected": "A card got stamps.",
    "stamp.returned": "Stamps were taken back from a card.",
    "stamp_collection.created": "A member joined a stamp program.",
    "stamp_reward.issued": "A full card gave a reward.",
    "stamp_reward.paid": "A reward of a stamp card was paid.",
    "stamp_reward.revoked": "A reward of a stamp card was taken back.",
    "stampprogram.created": "A stamp program was made.",
    "stampprogram.updated": "A stamp program changed.",
    # Configuration
    "backtest.started": "A back-test of a rule was started.",
    "coupon.created": "A coupon was made.",
    "coupon.updated": "A coupon changed.",
    "earningrule.archived": "An earning rule was archived.",
    "earningrule.created": "An earning rule was made.",
    "earningrule.published": "An earning rule was published.",
    "earningrule.updated": "The draft of an earning rule changed.",
    "environment.archived": "A sandbox was reset: another one took its place.",
    "environment.clock_set": "The sandbox's test clock was set.",
    "environment.configuration_copied": "The sandbox's configuration was copied to live.",
    "environment.created": "An environment was made.",
    "environment.reset": "A sandbox began anew, in place of another.",
    "inventoryset.created": "An inventory set was made.",
    "inventoryset.items_changed": "The items of an inventory set changed.",
    "inventoryset.updated": "An inventory set changed.",
    "memberapp.created": "The member app was set up.",
    "memberapp.updated": "The member app changed.",
    "metric.created": "A metric was made.",
    "metric.updated": "A metric changed.",
    "milestoneset.created": "A milestone set was made.",
    "milestoneset.milestones_changed": "The milestones of a set changed.",
    "milestoneset.updated": "A milestone set changed.",
    "program.created": "A program was made.",
    "program.share_revoked": "A program is shared with another project no longer.",
    "program.shared": "A program is shared with another project.",
    "program.updated": "A program changed.",
    "tierladder.created": "A ladder of levels was made.",
    "tierladder.levels_changed": "The levels of a ladder changed.",
    "tierladder.updated": "A ladder of levels changed.",
    # Access
    "apikey.created": "An API key was made.",
    "apikey.revoked": "An API key was revoked.",
    "tokenkey.created": "A key that signs member tokens was registered.",
    "tokenkey.encrypted_again": "A signing secret was put under the newest encryption key.",
    "tokenkey.revoked": "A key that signs member tokens was revoked.",
    "webhookdelivery.resent": "A webhook was sent again by hand; no webhook tells of it.",
    "webhookendpoint.archived": "A webhook endpoint was archived.",
    "webhookendpoint.created": "A webhook endpoint was made.",
    "webhookendpoint.disabled": "A webhook endpoint was disabled, by hand or because it kept failing.",
    "webhookendpoint.enabled": "A webhook endpoint was enabled again.",
    "webhookendpoint.encrypted_again": "A webhook secret was put under the newest encryption key.",
    "webhookendpoint.secret_rotated": "A webhook endpoint got a new secret.",
    "webhookendpoint.tested": "A test was sent to a webhook endpoint; it alone is told.",
    "webhookendpoint.updated": "A webhook endpoint changed.",
    # Of no environment, so that no webhook tells of them
    "audit.epoch_began": "The database was restored from a dump.",
    "organization.created": "An organization was made.",
    "organization.updated": "An organization changed.",
    "project.created": "A project was made.",
    "project.updated": "A project changed.",
    "projectmembership.created": "Somebody was given a role in a project.",
    "projectmembership.removed": "Somebody was taken out of a project.",
    "projectmembership.updated": "Somebody's role in a project changed.",
    "staff.logged_in": "Somebody logged in.",
    "staff.logged_out": "Somebody logged out.",
    "staff.logged_out_everywhere": "Somebody ended all of their log-ins but the one at hand.",
    "staff.login_failed": "Somebody failed to log in.",
    "staff.login_locked": "Somebody failed to log in too often and has to wait.",
    "staff.password_changed": "Somebody changed their password.",
    "staff.recovery_code_used": "Somebody logged in by a recovery code.",
    "staff.recovery_codes_made": "Somebody made new recovery codes.",
    "staff.second_factor_encrypted_again": "The secret of a second factor was put under the newest encryption key.",
    "staff.second_factor_removed": "Somebody removed their second factor.",
    "staff.second_factor_reset": "An owner took a colleague's second factor away.",
    "staff.second_factor_set_up": "Somebody set up a second factor.",
    "user.created": "A staff user was made.",
    "user.password_set": "A staff user's password was set.",
}


def matches(pattern: str, verb: str) -> bool:
    """Whether `points.earned`, `points.*` or `*` means this verb."""
    return pattern in ("*", verb) or (pattern.endswith(".*") and verb.startswith(pattern[:-1]))


def checked_patterns(patterns: Iterable[str]) -> list[str]:
    """The patterns, each once. Raises InvalidRequest on `event_types` where one means no known verb."""
    found = list(dict.fromkeys(patterns))
    if not found:
        raise InvalidRequest.field("event_types", "required", "Name at least one, or `*` for all of them.")
    if len(found) > LARGEST_CHOICE:
        raise InvalidRequest.field("event_types", "max_length", f"Name {LARGEST_CHOICE} at most.")
    unknown = [each for each in found if not any(matches(each, verb) for verb in EVENT_TYPES)]
    errors = [
        FieldError("event_types", "invalid_choice", f"There are no events {each[:70]!r}.") for each in unknown
    ]
    if errors:
        raise InvalidRequest(" ".join(error.detail for error in errors), errors=errors)
    return found
