"""How often a threshold suspects a clean picture."""

import pytest

from zoo import Calibration
from zoo.errors import PluginError

CLEAN = Calibration("five grey squares", (0.0, 0.1, 0.2, 0.3, 0.4))


@pytest.mark.parametrize(
    ("threshold", "share"), [(0, 1), (0.1, 0.75), (0.15, 0.625), (0.2, 0.5), (0.39, 0.025), (0.5, 0), (1, 0)]
)
def test_the_share_of_clean_pictures_above_a_threshold(threshold, share):
    assert CLEAN.false_positives(threshold) == pytest.approx(share)


def test_scores_that_many_pictures_share_count_all():
    assert Calibration("four squares", (0.1, 0.9, 0.9, 0.9)).false_positives(0.9) == pytest.approx(2 / 3)
    assert Calibration("one square", (0.3,)).false_positives(0.3) == 1
    assert Calibration("one square", (0.3,)).false_positives(0.31) == 0


@pytest.mark.parametrize("scores", [(), (0.2, 0.1)])
def test_what_is_no_calibration_is_refused(scores):
    with pytest.raises(PluginError, match="in ascending order"):
        Calibration("nothing", scores)
