"""The budget of requests, on a clock that only sleeping moves."""

import threading
import time
from itertools import pairwise

import pytest

from servorg.budget import Found, TableBudget

START = 1_764_000_000.0


class FakeRow:
    """The row that all instances share. `losing` writes fail as if another instance had been faster."""

    def __init__(self, free: float | None = None) -> None:
        self.free = free
        self.version = 0
        self.writes = 0
        self.losing = 0
        self._lock = threading.Lock()

    def read(self) -> Found:
        with self._lock:
            return None if self.free is None else (self.free, str(self.version))

    def write(self, free: float, found: Found) -> bool:
        with self._lock:
            self.losing -= 1
            if self.losing >= 0 or (found[1] if found else "0") != str(self.version):
                return False
            self.free, self.version, self.writes = free, self.version + 1, self.writes + 1
            return True


class VirtualClock:
    """Time for a known number of threads: it goes on to the next waking when all of them sleep."""

    def __init__(self, threads: int = 1, now: float = START) -> None:
        self.now = now
        self._threads = threads
        self._wakings: list[float] = []
        self._changed = threading.Condition()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._changed:
            waking = self.now + seconds
            self._wakings.append(waking)
            self._go_on()
            while self.now < waking:
                self._changed.wait(5)

    def leave(self) -> None:
        """One thread fewer takes part."""
        with self._changed:
            self._threads -= 1
            self._go_on()

    def _go_on(self) -> None:
        if self._wakings and len(self._wakings) >= self._threads:
            self.now = max(self.now, min(self._wakings))
            self._wakings = [waking for waking in self._wakings if waking > self.now]
            self._changed.notify_all()


def a_budget(row: FakeRow, rate: float, clock: VirtualClock) -> TableBudget:
    return TableBudget(row, rate, clock=clock, sleep=clock.sleep)


def most_within(times: list[float], seconds: float) -> int:
    """The most requests in any span of so many seconds."""
    ordered = sorted(times)
    return max(sum(at <= other <= at + seconds + 1e-6 for other in ordered[i:]) for i, at in enumerate(ordered))


def sent(budget: TableBudget, clock: VirtualClock, count: int) -> list[float]:
    times = []
    for _ in range(count):
        budget.wait()
        times.append(clock.now)
    return times


@pytest.mark.parametrize("rate", [0.1, 0.5, 2, 3.7, 50, 100])
def test_requests_of_one_instance_come_at_the_rate(rate: float) -> None:
    clock = VirtualClock()

    times = sent(a_budget(FakeRow(), rate, clock), clock, 40)

    assert [b - a for a, b in pairwise(times)] == pytest.approx([1 / rate] * 39, abs=1e-5)


@pytest.mark.parametrize(("rate", "pauses"), [(2, 0.0), (10, 0.0), (10, 0.33), (4, 1.7)])
def test_several_instances_together_keep_the_rate(rate: float, pauses: float) -> None:
    instances, each = 3, 40
    clock, row, times = VirtualClock(instances), FakeRow(), []

    def work(number: int) -> None:
        budget = a_budget(row, rate, clock)
        for i in range(each):
            budget.wait()
            times.append(clock.now)
            if pauses:
                clock.sleep(pauses * ((i + number) % 3))
        clock.leave()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(instances)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len(times) == instances * each
    assert most_within(times, 5) <= 5 * rate + 1


def test_there_is_no_burst_after_a_pause() -> None:
    clock = VirtualClock()
    budget = a_budget(FakeRow(), 10, clock)
    sent(budget, clock, 3)
    clock.sleep(0.55)

    times = sent(budget, clock, 8)
    clock.sleep(60)
    times += sent(budget, clock, 8)

    assert all(b - a > 0.04 for a, b in pairwise(times))
    assert most_within(times, 1) <= 11


def test_a_reservation_that_another_instance_won_is_made_again() -> None:
    clock, row = VirtualClock(), FakeRow()
    row.losing = 5

    times = sent(a_budget(row, 2, clock), clock, 4)

    assert times == pytest.approx([START, START + 0.5, START + 1, START + 1.5])


def test_a_new_instance_waits_for_what_others_have_reserved() -> None:
    clock, row = VirtualClock(), FakeRow(free=START + 3)

    assert sent(a_budget(row, 2, clock), clock, 1) == pytest.approx([START + 3])


@pytest.mark.parametrize(("rate", "ahead"), [(2, 121), (2, 10**6), (0.1, 1_201)])
def test_a_reservation_too_far_ahead_comes_from_a_wrong_clock_and_is_reset(rate: float, ahead: float) -> None:
    clock, row = VirtualClock(), FakeRow(free=START + ahead)

    assert sent(a_budget(row, rate, clock), clock, 1) == [START]
    assert row.free == pytest.approx(START + max(1.0, 1 / rate))


def test_a_clock_that_is_set_back_does_not_stop_an_instance() -> None:
    clock = VirtualClock()
    budget = a_budget(FakeRow(), 2, clock)
    sent(budget, clock, 1)
    clock.now -= 86_400

    assert sent(budget, clock, 1) == [START - 86_400]


def test_threads_of_an_instance_share_its_slots() -> None:
    row, times, lock = FakeRow(), [], threading.Lock()
    budget = TableBudget(row, 200, clock=time.time, sleep=time.sleep)

    def work() -> None:
        for _ in range(4):
            budget.wait()
            with lock:
                times.append(time.time())

    threads = [threading.Thread(target=work) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert len(times) == 128
    assert max(times) - min(times) > 127 / 200 - 0.05


def test_at_a_high_rate_a_call_costs_next_to_nothing() -> None:
    clock, row = VirtualClock(), FakeRow()
    budget = a_budget(row, 10_000, clock)
    before = time.process_time()

    sent(budget, clock, 30_000)

    spent = time.process_time() - before
    assert spent / 30_000 < 20e-6
    assert row.writes <= 4
    assert clock.now - START == pytest.approx(3, abs=0.05)
