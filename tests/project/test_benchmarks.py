"""What benchmarks keep in files, and the networks that are compared choice by choice."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from examples.console import ROOT

from archsearch import analyze, parse
from archsearch.files import shipped
from archsearch.notation.network import Network, read
from archsearch.space.space import Space


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return import_module


def test_a_run_that_is_in_the_file_is_not_made_again(load: Any, tmp_path: Path) -> None:
    runs, path = load("runs"), tmp_path / "runs.jsonl"
    wanted = [{"arm": arm, "seed": seed} for seed in (0, 1) for arm in ("base", "other")]
    assert [*runs.missing(wanted, path, "1/1")] == wanted
    runs.append(path, {**wanted[1], "accuracy": 80.5})
    assert [*runs.missing(wanted, path, "1/1")] == [wanted[0], *wanted[2:]]
    assert [*runs.missing(wanted, path, "2/2")] == [wanted[3]]
    # One that another process makes in the meantime.
    left = runs.missing(wanted, path, "1/1")
    assert next(left) == wanted[0]
    runs.append(path, {**wanted[2], "accuracy": 80.0})
    assert [*left] == [wanted[3]]


@pytest.mark.parametrize("part", ["0/2", "3/2", "1/0", "1", "a/b", "-1/2"])
def test_what_is_no_part_is_refused(load: Any, part: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        load("runs").options("", epochs=1).parse_args(["--results", "runs.jsonl", f"--part={part}"])
    assert f"`{part}` is no part of the runs; give one as in 1/2 or 2/2" in capsys.readouterr().err


def test_gains_are_over_the_base_with_the_same_seed(load: Any) -> None:
    runs = load("runs")
    measured = {("base", 0): 80.0, ("base", 1): 81.0, ("other", 1): 82.5, ("other", 2): 90.0}
    found = [{"arm": arm, "seed": seed, "accuracy": value} for (arm, seed), value in measured.items()]
    arms = runs.by_arm(found, ["other", "none", "base"])
    assert [*arms] == ["other", "base"]
    assert runs.gains(arms["other"], arms["base"]) == [1.5]
    assert runs.average(arms["base"], "accuracy") == 80.5


def test_each_change_of_a_choice_leaves_about_as_many_parameters(load: Any) -> None:
    choices = load("choices")
    networks = {name: parse(sentence) for name, sentence in choices.NETWORKS.items()}
    base = networks[choices.BASE]
    assert base == read(shipped(".net")["cpu200k.net"])
    assert len({*networks.values()}) == len(networks)
    most = 0.1 * params(base)
    assert [name for name, network in networks.items() if abs(params(network) - params(base)) > most] == []


def test_a_search_is_compared_with_fair_draws(load: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    samplers = load("samplers")
    monkeypatch.setattr(samplers, "AFTER", (2, 4, 9))
    space = Space.of("limits params < 300\nnetwork = conv(2|4|8, stride=2)*1..3 head()", "tiny")
    fair, plain = (
        [samplers.searched(space, "random", way, seed, trained=False) for seed in (0, 1)]
        for way in ("fitting", "plain")
    )
    assert [one.proposals for one in (*fair, *plain)] == [9] * 4
    assert [one.refused for one in fair] == [0, 0] != [one.refused for one in plain]
    assert samplers.row(fair, fair)[:3] == ["0.0", "0.0", "+0.00 ± 0.00"]
    assert all(one.after(2) <= one.after(9) < 100 for one in fair)
    trained = samplers.searched(space, "tpe", "plain", 0, trained=True)
    assert (trained.complete, len(trained.best)) == (9, 10)


def params(network: Network) -> float:
    return analyze(network.lower()).figures["params"]
