"""The chosen networks of a search are tested over several seeds, each a row; what is there is not done again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from examples.confirming import CPU, LONG, SHORT, SPACE, compute_in_one_way, confirming, searched, steady

from archsearch.data.dataset import Dataset
from archsearch.data.images import Images
from archsearch.errors import ArchsearchError, DataError, StudyError
from archsearch.study.named import named_network
from archsearch.study.results import load_results
from archsearch.study.search import search
from archsearch.study.studies import confirmed
from archsearch.study.watch import Watch
from archsearch.study.weights import WeightFiles
from archsearch.training.history import Epoch
from archsearch.training.weights import load_weights


@pytest.fixture(autouse=True)
def computed_in_one_way(monkeypatch: pytest.MonkeyPatch) -> None:
    compute_in_one_way(monkeypatch)


def rows_of(storage: str, study: str = "tiny confirmed") -> list[dict[str, object]]:
    return [dict(row.values) for row in load_results(storage) if row["study"] == study]


class Seen(Watch):
    """Notes what is trained, and does as Ctrl-C does in a batch."""

    def __init__(self, stop_at: int = -1) -> None:
        self.stop_at, self.steps, self.trained, self.epochs = stop_at, 0, list[tuple[str, int]](), list[Epoch]()

    def confirming(self, name: str, seed: int, number: int, total: int) -> None:
        self.trained.append((name, seed))

    def epoch(self, number: int, epoch: Epoch) -> None:
        self.epochs.append(epoch)

    def step(self, done: int, total: int) -> None:
        self.steps += 1
        if self.steps == self.stop_at:
            raise KeyboardInterrupt


def test_each_network_and_seed_is_a_row_with_weights_and_predictions(data: Dataset, storage: str) -> None:
    before = searched(data, storage, trials=3)
    found = confirming(data, storage, top=2, seeds=2)
    rows = rows_of(storage)
    numbers = {f"tiny#{row['number']}" for row in before}
    assert len(rows) == 4
    assert {row["confirms"] for row in rows} == {one.name for one in found.networks} < numbers
    assert {(row["split"], row["state"], row["epochs"]) for row in rows} == {("test", "complete", 2)}
    assert {row["recipe_digest"] for row in rows} == {LONG.digest}
    files = WeightFiles.of(storage, "tiny confirmed", 0)
    assert data.test is not None
    for row in rows:
        number = row["number"]
        assert isinstance(number, int)
        assert str(named_network(storage, "tiny confirmed", number, SPACE.vocabulary).network) == row["sentence"]
        path, predictions = files.path(number), files.predictions(number)
        assert path is not None
        assert predictions is not None
        with np.load(predictions) as kept:
            assert sorted(kept.files) == ["labels", "logits"]
            guesses: npt.NDArray[np.int64] = kept["logits"].argmax(1)
            assert np.array_equal(kept["labels"], data.test.labels)
        right = guesses == data.test.labels
        assert row["test_accuracy"] == 100 * right.sum() / len(right)
        by_class = [
            f"{name} {100 * right[data.test.labels == n].mean():.2f}" for n, name in enumerate(data.classes)
        ]
        assert row["class_accuracy"] == ", ".join(by_class)
        about = load_weights(path).about
        assert (about["graph"], about["seed"], about["split"]) == (row["digest"], row["seed"], "test")
    assert files.folder is not None
    assert len([*files.folder.iterdir()]) == 2 * len(rows)
    for one in found.networks:
        expected = [row["test_accuracy"] for row in rows if row["confirms"] == one.name]
        assert one.accuracy.values == tuple(expected)


def test_the_same_twice_is_equal_to_the_digit(data: Dataset, tmp_path: Path) -> None:
    found = []
    for name in ("first", "second"):
        storage = f"sqlite:///{tmp_path / name}.db"
        searched(data, storage)
        confirming(data, storage, top=1, seeds=1)
        found.append(steady(rows_of(storage)))
    assert found[0] == found[1]
    assert len(found[0]) == 1


def test_what_is_there_is_not_trained_again_and_more_is_added(data: Dataset, storage: str) -> None:
    searched(data, storage)
    confirming(data, storage, top=1, seeds=1)
    rows, watch = rows_of(storage), Seen()
    again = confirming(data, storage, top=1, seeds=1, watch=watch)
    assert (watch.trained, rows_of(storage)) == ([], rows)
    confirming(data, storage, top=1, seeds=2, watch=watch)
    assert watch.trained == [(again.networks[0].name, 1)]
    assert rows_of(storage)[:1] == rows


def test_what_another_run_has_trained_meanwhile_is_not_trained_again(data: Dataset, storage: str) -> None:
    searched(data, storage)

    class Beside(Seen):
        """While the first training goes on, another run trains everything."""

        def confirming(self, name: str, seed: int, number: int, total: int) -> None:
            super().confirming(name, seed, number, total)
            confirming(data, storage, top=1, seeds=2, recipe=SHORT)

    watch = Beside()
    found = confirming(data, storage, top=1, seeds=2, recipe=SHORT, watch=watch)
    assert watch.trained == [(found.networks[0].name, 0)]
    assert len(rows_of(storage)) == len(found.networks[0].accuracy.values) == 2


def test_an_interrupted_training_goes_on_with_its_epoch(data: Dataset, tmp_path: Path) -> None:
    whole, broken = (f"sqlite:///{tmp_path / name}.db" for name in ("whole", "broken"))
    for storage in (whole, broken):
        searched(data, storage)
    all_steps = Seen()
    confirming(data, whole, top=1, seeds=2, watch=all_steps)
    each_epoch = all_steps.steps // 4
    with pytest.raises(KeyboardInterrupt):  # in the second epoch of the second seed
        confirming(data, broken, top=1, seeds=2, watch=Seen(stop_at=3 * each_epoch + 2))
    assert len(rows_of(broken)) == 1
    rest = Seen()
    confirming(data, broken, top=1, seeds=2, watch=rest)
    assert rest.steps == each_epoch
    assert steady(rows_of(broken)) == steady(rows_of(whole))


def test_a_network_that_fails_costs_its_row(data: Dataset, storage: str) -> None:
    searched(data, storage)
    wild = replace(LONG, learning_rate=1e6, momentum=0.99)
    watch = Seen()
    found = confirming(data, storage, top=2, seeds=1, recipe=wild, watch=watch)
    assert len(watch.trained) == 2
    assert found.best is None
    assert found.simplest is None
    for row in rows_of(storage):
        assert row["state"] == "failed"
        assert "the loss is not finite in epoch 1" in str(row["reason"])
    confirming(data, storage, top=2, seeds=1, recipe=wild, watch=watch)
    assert len(watch.trained) == 2
    folder = WeightFiles.of(storage, "tiny confirmed", 0).folder
    assert folder is None or not folder.exists() or not [*folder.iterdir()]


def test_rows_that_are_named_are_taken_in_their_order(data: Dataset, storage: str) -> None:
    numbers = [row["number"] for row in searched(data, storage, trials=3)][::-1]
    found = confirming(data, storage, numbers=numbers[:2], seeds=1, recipe=SHORT)
    assert [one.name for one in found.networks] == [f"tiny#{number}" for number in numbers[:2]]


def test_images_of_another_size_with_classes_of_their_own_and_test_images_that_came_later(storage: str) -> None:
    random = np.random.default_rng(0)

    def images(count: int) -> Images:
        labels = np.arange(count) % 3
        pixels = random.integers(0, 60, (count, 12, 20, 3)) + 60 * labels[:, None, None, None]
        return Images(pixels.astype(np.uint8), labels)

    train, test = images(60), images(12)
    without = Dataset.of("pets", ("cat", "dog", "owl"), train)
    recipe = replace(SHORT, batch_size=8)
    search(SPACE, without, recipe=recipe, trials=1, storage=storage, wanted=CPU)
    with pytest.raises(DataError, match="`pets` has no test images"):
        confirming(without, storage)
    whole = Dataset.of("pets", ("cat", "dog", "owl"), train, test=test)
    found = confirming(whole, storage, seeds=1, recipe=recipe)
    assert found.best is not None
    assert [*found.best.by_class] == ["cat", "dog", "owl"]


def test_mistakes(data: Dataset, storage: str) -> None:
    with pytest.raises(StudyError, match="there is no results table"):
        confirming(data, storage)
    searched(data, storage)
    other = replace(data, name="other", digest="0123456789abcdef", test=None)
    for on_data, arguments, message in (
        (data, {"study": "tinny"}, "there is no study `tinny`\n  did you mean `tiny`?"),
        (data, {"numbers": [0, 7]}, "study `tiny` has no network 7\n  there are 0 to 1"),
        (data, {"top": 0}, "top is 0; it must be at least 1"),
        (data, {"seeds": 0}, "seeds is 0; it must be at least 1"),
        (
            other,
            {},
            f"measured on other images: those of `digits` have the digest {data.digest}, those of `other`",
        ),
        (other, {}, "give the images of the search, with its --data and --size"),
    ):
        with pytest.raises(ArchsearchError) as caught:
            confirming(on_data, storage, **arguments)
        assert message in str(caught.value)
    confirming(data, storage, top=1, seeds=1, recipe=SHORT)
    with pytest.raises(StudyError) as caught:
        confirming(data, storage, study="tiny confirmed", numbers=[0])
    assert str(caught.value) == (
        "row `tiny confirmed#0` is measured on test images; what is confirmed was trained on validation images\n"
        "  choose one of: archsearch results --where "
        "\"study = 'tiny confirmed' and state = 'complete' and test_accuracy is none\""
    )
    with pytest.raises(StudyError, match="study `tiny confirmed` has no network 7\n  there is only 0"):
        confirming(data, storage, study="tiny confirmed", numbers=[7])
    with pytest.raises(StudyError, match="has no network that was trained to the end on validation images"):
        confirming(data, storage, study="tiny confirmed")
    with pytest.raises(
        StudyError, match="the name `a confirmed` is kept for networks trained with `archsearch conf"
    ):
        search(SPACE, data, recipe=SHORT, trials=1, storage=storage, study=confirmed("a"))
