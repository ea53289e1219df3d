"""What all areas of `./dev bench` share: figures beside their bars, medians of several rounds."""

import argparse
import collections
import contextlib
import pathlib
import statistics
import subprocess
import sys

import processor

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "envtest"))

Bar = collections.namedtuple("Bar", "text holds")


def at_most(limit):
    return Bar(f"<= {limit:g}", lambda figure: figure <= limit)


def at_least(limit):
    return Bar(f">= {limit:g}", lambda figure: figure >= limit)


def within(center, distance):
    return Bar(f"{center:g} +- {distance:g}", lambda figure: abs(figure - center) <= distance)


def exactly(wanted):
    return Bar(f"= {wanted:g}", lambda figure: figure == wanted)


STATED = Bar("none", lambda figure: True)  # a figure to know


def peak_memory(process):
    """Waits for the end of `process`; its largest resident size in bytes, to within its last 0.1 s.

    Not from its rusage: there a child begins with the peak of the Python that started it.
    """
    peak = 0
    while process.poll() is None:
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        peak = max([peak] + [int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:")])
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.1)
    return peak


def make_namespace(kubeconfig):
    import kubernetes  # slow to import
    client = kubernetes.config.new_client_from_config(str(kubeconfig))
    with contextlib.suppress(kubernetes.client.ApiException):  # it may be there
        kubernetes.client.CoreV1Api(client).create_namespace({"metadata": {"name": "scaletest"}})


def measure(binary, scenarios, rounds):
    """Runs each scenario `rounds` times; prints one line for each figure, and returns whether all hold."""
    all_hold = True
    for scenario in scenarios:
        figures, bars = collections.defaultdict(list), {}
        for _ in range(rounds):
            with processor.Watch() as watch:
                measured = list(scenario(binary))
            measured.append(("  the machine's processor below half its speed, %", STATED, watch.slow_share()))
            for name, bar, figure in measured:
                figures[name].append(figure)
                bars[name] = bar
        for name, values in figures.items():
            middle = statistics.median(values)
            holds = bars[name].holds(middle)
            all_hold = all_hold and holds
            spread = f"{min(values):.4g} to {max(values):.4g}"
            print(f"{name:52} {middle:9.4g}  bar {bars[name].text:>10}  {'ok   ' if holds else 'SHORT'}  ({spread})", flush=True)
    return all_hold


def main(description, scenarios):
    """Measures `scenarios`; each yields (name, bar, figure) for a binary. Exits with 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    sys.exit(0 if measure(arguments.binary.resolve(), scenarios, arguments.rounds) else 1)
