"""The figures of a day."""

from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import orders_pb2

from chassis.instants import timestamp
from services.orders.domain.day import DayFigures


def metrics_message(day: DayFigures) -> orders_pb2.RestaurantMetrics:
    """The figures of a day."""
    figures = day.figures
    return orders_pb2.RestaurantMetrics(
        business_date=day.business_date.isoformat(),
        currency_code=day.currency_code,
        orders_placed=figures.placed,
        orders_open=figures.placed - figures.done - figures.cancelled,
        orders_done=figures.done,
        orders_cancelled=figures.cancelled,
        gross_minor=figures.gross_minor,
        paid_minor=figures.paid_minor,
        tickets_open=figures.tickets_open,
        computed_at=timestamp(day.computed_at),
    )


def metrics_updated(day: DayFigures) -> orders_events.MetricsUpdated:
    """The figures have changed."""
    return orders_events.MetricsUpdated(metrics=metrics_message(day))
