"""ServOrg's functions, as operators see them: each decodes, calls and encodes."""

import logging
import os
from datetime import UTC, datetime

import azure.functions as func

from shared.errors import SettingsError
from shared.logs import log_event

log = logging.getLogger(__name__)

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation there


@blueprint.function_name("enqueue_sync_jobs")
@blueprint.timer_trigger(arg_name="timer", schedule=os.environ.get("SYNC_SCHEDULE") or "0 30 2 * * *")
def enqueue_sync_jobs(timer: func.TimerRequest) -> None:  # noqa: ARG001  the binding wants it
    """Queues a job for every customer without a schedule of its own."""
    from servorg import wiring
    from servorg.jobs import enqueue

    for customer in wiring.customers().all():
        configuration = wiring.customers().configuration(customer.id)
        if configuration.schedule is None:
            enqueue(wiring.office(), customer.id, configuration.modes, "timer")


@blueprint.function_name("run_sync_job")
@blueprint.queue_trigger(arg_name="message", queue_name="sync-jobs", connection="AzureWebJobsStorage")
def run_sync_job(message: func.QueueMessage) -> None:
    """Works on one customer's job: a whole run, or a slice of it."""
    from servorg import wiring
    from servorg.jobs import work
    from servorg.messages import SyncJob

    work(wiring.office(), SyncJob.from_json(message.get_body()), message.dequeue_count or 1)


@blueprint.function_name("send_daily_report")
@blueprint.timer_trigger(arg_name="timer", schedule=os.environ.get("REPORT_SCHEDULE") or "0 0 6 * * *")
def send_daily_report(timer: func.TimerRequest) -> None:
    """Mails what became of the last 24 hours' runs, also when nothing did; an error is logged when it can't."""
    from servorg import wiring
    from servorg.reporting import mail_report

    log_event(log, "the daily report is due", late=timer.past_due)
    try:
        mailer = wiring.mailer()
    except SettingsError as error:
        log_event(log, "the daily report was not sent", logging.ERROR, reason=str(error))
        return
    mail_report(wiring.report_sources(), mailer, datetime.now(UTC))
