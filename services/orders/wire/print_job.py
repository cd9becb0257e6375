"""Print jobs. What is to be printed goes to its agent alone."""

from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import printing_pb2

from chassis.instants import timestamp
from services.orders.domain.print_job import PrintJob
from services.orders.wire import enums


def print_job_message(job: PrintJob) -> printing_pb2.PrintJob:
    """The whole job."""
    return printing_pb2.PrintJob(
        id=str(job.id),
        printer_id=str(job.printer_id),
        printer_name=job.printer_name,
        kind=enums.PRINT_JOB_KIND[job.kind],
        title=job.title,
        order_id=str(job.order_id),
        state=enums.PRINT_JOB_STATE[job.state],
        attempts=job.attempts,
        error=job.error,
        created_at=timestamp(job.created_at),
        next_at=timestamp(job.next_at),
        rerouted_to=str(job.rerouted_to or ""),
        rerouted_from=str(job.rerouted_from or ""),
        version=job.version,
    )


def print_job_updated(job: PrintJob) -> orders_events.PrintJobUpdated:
    """A job is new, or has moved."""
    return orders_events.PrintJobUpdated(job=print_job_message(job))
