"""Staff take the codes that nobody has yet away with them: whoever holds the file can use them."""

from audit.record import Actor, record
from loyalty.models import RewardCode
from programs.actions.configure import place_of
from programs.models import Environment, Reward


def note_download(*, environment: Environment, reward: Reward, actor: Actor) -> int:
    """Put into the trail that the codes left in the reward's pool were taken away; answers how many.
    Locks: nothing."""
    status = RewardCode.Status.AVAILABLE
    left = RewardCode.objects.filter(reward=reward, status=status).count()
    record(
        place=place_of(environment),
        actor=actor,
        verb="rewardcodes.downloaded",
        object_type="reward",
        object_id=str(reward.pk),
        after={"available": left},
    )
    return left
