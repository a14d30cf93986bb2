"""ServOrg's functions, as operators see them: each decodes, calls and encodes."""

import asyncio
import logging
import os
from datetime import UTC, datetime
from http import HTTPStatus

import azure.functions as func

from servorg.form_http import for_the_site
from shared.errors import CommandRefused, DeskError, SettingsError, SyncError
from shared.http import Answer, json_of, raw_body, replies, respond
from shared.logs import log_event
from shared.telemetry import span

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

    job, tries = SyncJob.from_json(message.get_body()), message.dequeue_count or 1
    with span("sync job", job.trace, run=job.run, customer=job.customer, tries=tries):
        work(wiring.office(), job, tries)


@blueprint.function_name("enqueue_scheduled_jobs")
@blueprint.timer_trigger(arg_name="timer", schedule="0 */5 * * * *")
def enqueue_scheduled_jobs(timer: func.TimerRequest) -> None:
    """Queues the runs of customers' own schedules, takes up what nobody works on, forgets what is over, and watches."""
    from servorg import timer_wiring, wiring
    from servorg.schedules import enqueue_due
    from servorg.upkeep import forget_old, take_up
    from servorg.watching import look

    office, rows, book = wiring.office(), timer_wiring.run_rows(), wiring.customers()
    configured = {customer.id: book.configuration(customer.id) for customer in book.all()}
    customers = list(configured)
    due = enqueue_due(office, timer_wiring.looks(), configured.items())
    again = take_up(office, rows, wiring.jobs().oldest_waiting, customers)
    forgotten = forget_old(office, rows, wiring.settings().retention_days, customers)
    log_event(log, "schedules looked at", late=timer.past_due, due=len(due), again=len(again), forgotten=forgotten)
    look(timer_wiring.watched(), {one: configuration.schedule for one, configuration in configured.items()})


@blueprint.function_name("refresh_customers_groups")
@blueprint.timer_trigger(arg_name="timer", schedule=os.environ.get("GROUPS_SCHEDULE") or "0 30 1 * * *")
def refresh_customers_groups(timer: func.TimerRequest) -> None:
    """Sends each customer to `refresh_customer`."""
    from servorg import timer_wiring
    from servorg.refresh import request_all

    log_event(log, "refreshes requested", customers=request_all(timer_wiring.refreshing()), late=timer.past_due)


@blueprint.function_name("refresh_customer")
@blueprint.queue_trigger(arg_name="message", queue_name="customer-refreshes", connection="AzureWebJobsStorage")
def refresh_customer(message: func.QueueMessage) -> None:
    """Refreshes a customer's groups table, asks what its CustOrg offers, tells its page what becomes of each group."""
    from servorg import timer_wiring
    from servorg.messages import CustomerRefresh
    from servorg.refresh import refresh

    asked = CustomerRefresh.from_json(message.get_body())
    with span("refresh customer", customer=asked.customer, tries=asked.tries):
        refresh(timer_wiring.refreshing(), asked)


@blueprint.function_name("receive_event")
@blueprint.route(
    "events/deskdirector", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS, trigger_arg_name="request"
)
@replies
async def receive_event(request: func.HttpRequest) -> Answer:
    """Takes a delivery of DeskDirector's event: checks its signature, queues its tickets, and answers 202."""
    # the runtime opens the host's trace for coroutines only; a thread takes it over from here
    return await asyncio.to_thread(_receive, request)


def _receive(request: func.HttpRequest) -> Answer:
    from servorg import wiring
    from servorg.webhook import events_in, is_signed

    secret, body, faults = wiring.settings().desk_webhook_secret, raw_body(request), wiring.settings().form_faults()
    if secret and not is_signed(secret.get_secret_value(), body, request.headers):
        raise CommandRefused(HTTPStatus.UNAUTHORIZED, "signature", "The signature is missing or wrong.")
    if faults:
        raise CommandRefused(HTTPStatus.SERVICE_UNAVAILABLE, "settings", "; ".join(faults))
    events = events_in(json_of(request))
    with span("receive event", tickets=len(events)):
        for event in events:
            wiring.events().send(event.to_json())
    log_event(log, "event received", tickets=[event.ticket for event in events])
    return respond(request, {"accepted": len(events)}, HTTPStatus.ACCEPTED)


@blueprint.function_name("process_event")
@blueprint.queue_trigger(arg_name="message", queue_name="events", connection="AzureWebJobsStorage")
def process_event(message: func.QueueMessage) -> None:
    """Looks at the ticket of an event, or of a run that ended, and does what is due."""
    from servorg import wiring
    from servorg.form_requests import attend
    from servorg.messages import TicketEvent

    event = TicketEvent.from_json(message.get_body())
    with span("look at ticket", event.trace, ticket=event.ticket, run=event.run):
        attend(wiring.reception(), event)


@blueprint.function_name("collect_missed_requests")
@blueprint.timer_trigger(arg_name="timer", schedule=os.environ.get("CATCH_UP_SCHEDULE") or "0 */15 * * * *")
def collect_missed_requests(timer: func.TimerRequest) -> None:
    """Queues the requests that no delivery told of, and forgets those long over; one line in the log when it can't."""
    from servorg import wiring
    from servorg.missed_requests import collect
    from servorg.old_requests import forget_old

    try:
        count = collect(wiring.reception())
        forgotten = forget_old(wiring.reception())
    except SettingsError as error:  # whoever has no form is told so, and needs nothing
        log_event(log, "missed requests were not looked for", reason=str(error))
        return
    except DeskError as error:  # the next tick looks again; a key that was withdrawn shows here first
        log_event(log, "missed requests were not looked for", logging.ERROR, reason=str(error))
        return
    log_event(log, "missed requests queued", tickets=count, forgotten=forgotten, late=timer.past_due)


@blueprint.function_name("send_daily_report")
@blueprint.timer_trigger(arg_name="timer", schedule=os.environ.get("REPORT_SCHEDULE") or "0 0 6 * * *")
def send_daily_report(timer: func.TimerRequest) -> None:
    """Mails what became of the last 24 hours' runs, also when nothing did; an error is logged when it can't."""
    from azure.core.exceptions import AzureError

    from servorg import wiring
    from servorg.reporting import mail_report

    log_event(log, "the daily report is due", late=timer.past_due)
    try:
        mailer = wiring.mailer()
    except SettingsError as error:
        log_event(log, "the daily report was not sent", logging.ERROR, reason=str(error))
        return
    try:
        mail_report(wiring.report_sources(), mailer, datetime.now(UTC))
    except (SyncError, AzureError):
        log_event(log, "the daily report was not sent", logging.ERROR, reason="it could not be gathered or mailed")
        raise


@blueprint.function_name("form_accounts")
@blueprint.route(
    "forms/accounts",
    methods=["GET", "POST", "OPTIONS"],
    auth_level=func.AuthLevel.ANONYMOUS,
    trigger_arg_name="request",
)
@for_the_site
def form_accounts(request: func.HttpRequest) -> Answer:
    """The customers for the form's field, by the words of its `term`."""
    from servorg import form_asked, form_lists, form_wiring

    return form_lists.accounts(form_wiring.form(), form_asked.asked(request))


@blueprint.function_name("form_sync_modes")
@blueprint.route(
    "forms/sync-modes",
    methods=["GET", "POST", "OPTIONS"],
    auth_level=func.AuthLevel.ANONYMOUS,
    trigger_arg_name="request",
)
@for_the_site
def form_sync_modes(request: func.HttpRequest) -> Answer:
    """The sync modes for the form's field; those that the chosen customer has are marked."""
    from servorg import form_asked, form_lists, form_wiring

    return form_lists.sync_modes(form_wiring.form(), form_asked.asked(request))


@blueprint.function_name("publish_form_lists")
@blueprint.timer_trigger(arg_name="timer", schedule=os.environ.get("FORM_LISTS_SCHEDULE") or "0 15 * * * *")
def publish_form_lists(timer: func.TimerRequest) -> None:
    """Writes the form's lists anew into their table."""
    from servorg import form_lists, form_wiring

    counts = {name: form_wiring.form_lists().publish(name) for name in form_lists.NAMES}
    log_event(log, "form lists published", late=timer.past_due, **counts)
