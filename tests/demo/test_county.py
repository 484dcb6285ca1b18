from pathlib import Path

from hub.demo.county import TO_HIS, county_file, his_port
from hub.kernel.consortium import load


def test_the_county_of_a_demo_is_one_a_hub_can_run(tmp_path: Path) -> None:
    consortium = load(county_file(tmp_path))
    assert {facility[:3] for facility in consortium.facilities if facility != "BENCH"} == {
        f"F0{n}" for n in range(1, 9)
    }
    assert {feed.facility for feed in consortium.feeds.values()} >= {"F01", "F02", "F03", "F04", "F05", "F06", "F07"}
    assert all(feed.profile is None or feed.profile.is_file() for feed in consortium.feeds.values())
    assert consortium.outbound[TO_HIS].port == his_port(county_file(tmp_path))


def test_the_file_stays_as_it_is_once_it_is_there(tmp_path: Path) -> None:
    path = county_file(tmp_path)
    stated = path.read_text(encoding="utf-8")
    assert county_file(tmp_path).read_text(encoding="utf-8") == stated
