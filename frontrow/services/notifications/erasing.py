"""The story of somebody who leaves: nothing that they were told stays, nor what they told others."""

from uuid import UUID

from frontrow.chassis import absences, mail
from frontrow.services.notifications import rules
from frontrow.services.notifications.models import Announcement, Notification, Person, Unwanted


def erase(user_id: UUID, version: int) -> None:
    """Forget a person who was erased: also mail that waits for them. Runs in the listener's transaction."""
    absences.erase(user_id, version)
    addresses = Person.objects.filter(pk=user_id).values_list("email", flat=True)
    mail.forget(list(addresses))
    Notification.objects.filter(user_id=user_id).delete()
    Unwanted.objects.filter(user_id=user_id).delete()
    Person.objects.filter(pk=user_id).delete()


def forget_organizer(event_id: UUID) -> None:
    """Let the words go that an event's organiser wrote to those who held places: they have left.

    What they gave back stays told, without their reason. Runs in the listener's transaction.
    """
    written = Announcement.objects.filter(event_id=event_id, kind=rules.ORGANIZER_MESSAGE)
    written.filter(facts__from="organizer").delete()
    told = Notification.objects.filter(event_id=event_id)
    told.filter(kind=rules.ORGANIZER_MESSAGE, facts__from="organizer").delete()
    refunds = list(told.filter(kind=rules.REFUND_SUCCEEDED).exclude(facts__reason=""))
    for each in refunds:
        each.facts, each.subject, each.message = {**each.facts, "reason": ""}, "", ""
    Notification.objects.bulk_update(refunds, ["facts", "subject", "message"], 500)
