"""Events, their ticket types, and the copies of stock shown with them."""

from datetime import datetime
from uuid import UUID

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchQuery, SearchVector, SearchVectorField
from django.db import models
from django.db.models import F, Q

from frontrow.chassis.ids import new_id
from frontrow.services.events import rules
from frontrow.services.events.rules import Terms, Type

DRAFT, PUBLISHED, CANCELLED = "draft", "published", "cancelled"


class EventQuerySet(models.QuerySet["Event"]):
    def seen_by(self, person: UUID | None) -> "EventQuerySet":
        """What a person may read: all but other people's drafts."""
        return self.filter(~Q(status=DRAFT) | Q(organizer_id=person))

    def matching(self, words: str) -> "EventQuerySet":
        """Events that have every word, by its beginning, in any of their texts."""
        query = rules.prefix_query(words)
        return (
            self.filter(search=SearchQuery(query, search_type="raw", config="simple"))
            if query
            else self.none()
        )


class Event(models.Model):
    event_id = models.UUIDField(primary_key=True, default=new_id)
    organizer_id = models.UUIDField()
    title = models.CharField(max_length=200)
    description = models.TextField()
    date = models.DateTimeField()
    end_date = models.DateTimeField()
    timezone = models.CharField(max_length=64)
    location = models.CharField(max_length=300)
    category = models.CharField(max_length=60, blank=True)
    status = models.CharField(max_length=10)
    currency = models.CharField(max_length=3)
    capacity = models.PositiveIntegerField(null=True)  # of all types together, if capped
    hold_minutes = models.PositiveIntegerField()
    max_per_person = models.PositiveIntegerField()
    sales_start = models.DateTimeField(null=True)
    sales_end = models.DateTimeField(null=True)
    cancel_until = models.DateTimeField(null=True)
    price_from = models.BigIntegerField()
    availability = models.PositiveIntegerField()
    stock_version = models.BigIntegerField(default=0)
    rating_average = models.FloatField(default=0)
    rating_count = models.PositiveIntegerField(default=0)
    rating_version = models.BigIntegerField(default=0, db_default=0)  # older code inserts too
    place = models.CharField(max_length=300)  # the location as searched
    words = models.TextField()  # everything else as searched
    search = models.GeneratedField(
        expression=SearchVector("words", config="simple"), output_field=SearchVectorField(), db_persist=True
    )
    cover_digest = models.CharField(max_length=32, blank=True, default="", db_default="")
    version = models.BigIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = EventQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(end_date__gt=F("date")), name="events_end_after_start"),
            models.CheckConstraint(
                condition=Q(status__in=[DRAFT, PUBLISHED, CANCELLED]), name="events_known_status"
            ),
        ]
        indexes = [
            GinIndex(fields=["search"], name="events_search"),
            models.Index(fields=["date", "event_id"], condition=Q(status=PUBLISHED), name="events_by_date"),
            models.Index(
                fields=["price_from", "event_id"], condition=Q(status=PUBLISHED), name="events_by_price"
            ),
            models.Index(
                fields=["rating_average", "rating_count", "event_id"],
                condition=Q(status=PUBLISHED),
                name="events_by_rating",
            ),
            models.Index(fields=["organizer_id", "event_id"], name="events_of_organizer"),
        ]

    @property
    def terms(self) -> Terms:
        """What its organiser decided."""
        types = tuple(kind.as_rule() for kind in self.types.all())
        return Terms(types=types, **{name: getattr(self, name) for name in TERM_COLUMNS})

    def take(self, terms: Terms, now: datetime) -> None:
        """Become what the terms say, in memory."""
        for name in TERM_COLUMNS:
            setattr(self, name, getattr(terms, name))
        self.price_from = terms.price_from
        self.place = rules.folded(terms.location)[:300]  # folding may lengthen: ß
        texts = [terms.title, terms.category, terms.location, terms.description]
        self.words = rules.searchable(" ".join(texts))
        self.updated_at = now


TERM_COLUMNS = (
    "title", "description", "date", "end_date", "timezone", "location", "currency", "category", "status",
    "capacity", "hold_minutes", "max_per_person", "sales_start", "sales_end", "cancel_until",
)  # fmt: skip


class TicketType(models.Model):
    ticket_type_id = models.UUIDField(primary_key=True, default=new_id)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="types")
    name = models.CharField(max_length=100)
    price = models.PositiveBigIntegerField()
    capacity = models.PositiveIntegerField()
    availability = models.PositiveIntegerField()
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["event", "name"], name="events_type_name_once")]

    def as_rule(self) -> Type:
        return Type(self.ticket_type_id, self.name, self.price, self.capacity)


class Cover(models.Model):
    """An event's image, as JPEG in the sizes that are shown; apart from the event, which is read often."""

    event = models.OneToOneField(Event, on_delete=models.CASCADE, primary_key=True, related_name="cover")
    digest = models.CharField(max_length=32)
    large = models.BinaryField()
    small = models.BinaryField()
