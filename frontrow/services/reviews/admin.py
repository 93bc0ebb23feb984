"""What operators see of reviews."""

from django.contrib import admin
from django.utils.text import Truncator

from frontrow.chassis.admin import ReadOnly
from frontrow.services.reviews.models import Review


@admin.register(Review)
class Reviews(ReadOnly):
    list_display = ("date", "rating", "beginning", "event_id", "user_id", "answer_date")
    list_filter = ("rating", "date")
    search_ids = ("review_id", "event_id", "user_id")
    search_fields = ("comment",)
    ordering = ("-review_id",)
    fields = (
        "review_id", "event_id", "user_id", "rating", "comment", "date", "answer_comment", "answer_date",
    )  # fmt: skip

    @admin.display(description="comment")
    def beginning(self, review: Review) -> str:
        return Truncator(review.comment).chars(80)
