"""Watches whether the processor keeps its speed while something is measured: a virtual machine's may not.

Where a host takes the speed away for a tenth of a second, no program keeps its arrivals within a millisecond, and
every one needs more CPU time for the same work. A figure is read beside how much of that there was.
"""

import threading
import time

PAUSE = 0.01  # seconds between two samples
UNDISTURBED = 0.1  # the share of the samples that are surely not slow


def fixed_work():
    return sum(range(400))


def sample():
    """What the fixed work takes, in ns: the best of three, as others may have had the processor during one."""
    times = []
    for _ in range(3):
        begin = time.perf_counter_ns()
        fixed_work()
        times.append(time.perf_counter_ns() - begin)
    return min(times)


class Watch:
    """Takes samples on a thread of its own from `with` to its end."""

    def __enter__(self):
        self._samples, self._ended = [], threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def _run(self):
        while not self._ended.wait(PAUSE):
            self._samples.append(sample())

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()

    def slow_share(self):
        """The share of the samples that took more than twice what the undisturbed take, in percent."""
        if not self._samples:
            return 0.0
        ordered = sorted(self._samples)
        limit = 2 * ordered[int(len(ordered) * UNDISTURBED)]
        return 100 * sum(taken > limit for taken in ordered) / len(ordered)
