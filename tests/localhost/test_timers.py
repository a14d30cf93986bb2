"""Timer triggers over restarts and several hosts."""

import signal
import time
from collections import Counter

from tests.localhost.host_rig import Host, Rig, wait_until

SECONDS = (
    '@app.timer_trigger(arg_name="timer", schedule="%SCHEDULE%")\n'
    "def tick(timer: func.TimerRequest) -> None:\n"
    "    note(f'{timer.schedule_status[\"Next\"]} {timer.past_due}')\n"
)


def ticks(host: Host) -> list[str]:
    return [note.split()[0] for note in host.notes()]


def test_each_tick_runs_once_over_several_hosts_of_one_app(rig: Rig) -> None:
    """See "Timer trigger for Azure Functions"
    https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#scale-out: "only a single instance of
    a timer-triggered function is run across all instances".
    """
    folder = rig.write(SECONDS)
    hosts = [rig.start(folder, SCHEDULE="* * * * * *") for _ in range(3)]
    wait_until(lambda: len(hosts[0].notes()) >= 5)

    assert set(Counter(ticks(hosts[0])).values()) == {1}
    assert all(note.endswith("False") for note in hosts[0].notes())


def test_ticks_missed_while_no_host_ran_are_caught_up_by_one_past_due_run(rig: Rig) -> None:
    """See "Timer trigger for Azure Functions"
    https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#usage IsPastDue; "TimerTrigger" of
    the extension's wiki https://github.com/Azure/azure-webjobs-sdk-extensions/wiki/TimerTrigger: the history "to
    catch up on missed schedule executions".
    """
    folder = rig.write(SECONDS)
    first = rig.start(folder, SCHEDULE="* * * * * *")
    wait_until(lambda: len(first.notes()) >= 2)
    first.stop()
    before = len(first.notes())
    time.sleep(2.5)  # two ticks pass, that is what the test is about
    hosts = [rig.start(folder, SCHEDULE="* * * * * *") for _ in range(2)]
    wait_until(lambda: len(first.notes()) >= before + 3)
    later = [note.split()[1] for note in first.notes()[before:]]

    assert later[:3] == ["True", "False", "False"]
    assert len(set(ticks(hosts[0]))) == len(ticks(hosts[0]))


def test_another_schedule_begins_anew_without_a_past_due_run(rig: Rig) -> None:
    """See "Timer trigger for Azure Functions"
    https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#configuration: the schedule is a
    setting's; a changed one makes nothing past due.
    """
    folder = rig.write(SECONDS)
    first = rig.start(folder, SCHEDULE="* * * * * *")
    wait_until(first.notes)
    first.stop()
    before = len(first.notes())
    time.sleep(2)  # a tick of the old schedule passes
    rig.start(folder, SCHEDULE="*/3 * * * * *")
    wait_until(lambda: len(first.notes()) > before)

    assert first.notes()[before].endswith("False")
    assert int(ticks(first)[before][17:19]) % 3 == 0


def test_a_timer_without_monitor_is_not_caught_up(rig: Rig) -> None:
    """See "Timer trigger for Azure Functions"
    https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#configuration useMonitor.
    """
    folder = rig.write(SECONDS.replace('%SCHEDULE%"', '%SCHEDULE%", use_monitor=False'))
    first = rig.start(folder, SCHEDULE="* * * * * *")
    wait_until(first.notes)
    first.stop()
    before = len(first.notes())
    time.sleep(2)  # a tick passes
    rig.start(folder, SCHEDULE="* * * * * *")
    wait_until(lambda: len(first.notes()) > before)

    assert first.notes()[before].endswith("False")


def test_a_timer_runs_when_the_host_starts_if_it_says_so(rig: Rig) -> None:
    """See "Timer trigger for Azure Functions"
    https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#configuration runOnStartup.
    """
    host = rig.run_app(SECONDS.replace('%SCHEDULE%"', '%SCHEDULE%", run_on_startup=True'), SCHEDULE="0 0 0 1 1 *")
    wait_until(host.notes)

    assert len(host.notes()) == 1


def test_a_run_longer_than_its_interval_is_not_overtaken_by_the_next_one(rig: Rig) -> None:
    """See "TimerTrigger" of the extension's wiki https://github.com/Azure/azure-webjobs-sdk-extensions/wiki/TimerTrigger:
    "another execution won't be triggered until after the current invocation completes".
    """
    source = (
        '@app.timer_trigger(arg_name="timer", schedule="* * * * * *")\n'
        "def tick(timer: func.TimerRequest) -> None:\n"
        "    note('begin')\n    time.sleep(1.5)\n    note('end')\n"
    )
    folder = rig.write(source)
    hosts = [rig.start(folder) for _ in range(2)]
    wait_until(lambda: len(hosts[0].notes()) >= 4)

    assert hosts[0].notes()[:4] == ["begin", "end"] * 2


def test_a_tick_whose_host_was_killed_is_run_again_by_another(rig: Rig) -> None:
    """See "TimerTrigger" of the extension's wiki
    https://github.com/Azure/azure-webjobs-sdk-extensions/wiki/TimerTrigger#singleton-locks: another host takes over
    when the lock (15 s) is no longer renewed.
    """
    source = (
        '@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *", run_on_startup=True)\n'
        "def tick(timer: func.TimerRequest) -> None:\n"
        "    note(f'{os.getpid()} {timer.past_due}')\n    time.sleep(60)\n"
    )
    folder = rig.write(source)
    first = rig.start(folder)
    wait_until(first.notes)
    second = rig.start(folder)
    first.signal(signal.SIGKILL)
    first.wait()
    wait_until(lambda: len(first.notes()) == 2, seconds=25)

    assert first.notes()[1].split()[0] == str(second.process.pid)
